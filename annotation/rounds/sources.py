"""What the words of a recipe mean: sources outside the round that reads them.

Only accepted checkpoints, and never the round's own: what a round makes is found by the step that
made it, so that two open rounds never read each other's half-made results.
"""

from uuid import UUID

from annotation.models import Checkpoint, Round
from annotation.models.checkpoint import CheckpointQuerySet
from annotation.sentences import Sentence, say

NEWEST, PREVIOUS, BASE = "newest", "previous", "base"
WORDS = (NEWEST, PREVIOUS, BASE)
PARENT = "parent"
IMPORTED = "imported"
# No step may have these names.
RESERVED = (*WORDS, PARENT, IMPORTED)


def find(round: Round, name: str, *, kind: str) -> Checkpoint | None:
    """The accepted checkpoint that `name` (a word or an id) means to this round, or None.

    `previous` is the one before the newest, or the newest where there is only one. A base counts
    as the first policy.
    """
    accepted = _accepted(round, kind)
    if name == NEWEST:
        return accepted.first()
    if name == PREVIOUS:
        two = list(accepted[:2])
        return two[-1] if two else None
    if name == BASE:
        return accepted.filter(kind=Checkpoint.Kind.BASE).last()
    return accepted.filter(pk=UUID(name)).first()


def _accepted(round: Round, kind: str) -> CheckpointQuerySet:
    kinds = [kind, Checkpoint.Kind.BASE] if kind == Checkpoint.Kind.POLICY else [kind]
    return (
        Checkpoint.objects.accepted()
        .filter(project=round.project_id, kind__in=kinds)
        .exclude(round=round)
        .order_by("-created_at")
    )


def is_checkpoint_id(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False


def not_usable(name: str) -> Sentence:
    return say(
        "checkpoint_not_usable",
        "The project has no accepted checkpoint {name} of the kind that is read here. Accept it, "
        "or choose another.",
        name=name,
    )
