"""Who wrote the responses of a file: checkpoints that stand for models that are not here."""

from uuid import UUID

from annotation.models import Checkpoint, Project


class Writers:
    """The external checkpoints of the models named in a file, made when first met."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.known: dict[str | None, UUID | None] = {None: None}

    def id_of(self, model: str | None) -> UUID | None:
        if model not in self.known:
            assert model is not None
            self.known[model] = external_checkpoint(self.project, model).pk
        return self.known[model]


def external_checkpoint(project: Project, model: str) -> Checkpoint:
    """The checkpoint that stands for a model whose weights are not here.

    A checkpoint trained here may bear the name of an imported model; the two stay apart.
    """
    own = Checkpoint.objects.filter(project=project, name=model).exclude(
        kind=Checkpoint.Kind.EXTERNAL
    )
    name = f"{model} (imported)" if own.exists() else model
    checkpoint, _ = Checkpoint.objects.get_or_create(
        project=project, name=name, defaults={"kind": Checkpoint.Kind.EXTERNAL}
    )
    return checkpoint
