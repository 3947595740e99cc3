"""Projects: what is labeled, by which rules."""

from typing import Any, TypedDict

from django.db import IntegrityError, transaction
from django.db.models import Max

from annotation import events
from annotation.errors import Conflict, InvalidInput
from annotation.kinds import COMPARE, KINDS
from annotation.models import Guideline, Project, Team, User
from annotation.sentences import say


class Policy(TypedDict, total=False):
    task_kind: str
    responses_per_prompt: int
    allow_ties: bool
    labels_wanted: int
    lease_seconds: int


class Settings(TypedDict, total=False):
    """What a manager may change of a project; absent leaves as it is."""

    name: str
    description: str
    criteria: list[str]
    languages: list[str]
    policy: Policy


def create_project(
    team: Team, *, by: User | None, settings: Settings, guidelines: str = ""
) -> Project:
    project = Project(team=team)
    _apply(project, settings)
    with transaction.atomic():
        _save(project)
        if guidelines:
            Guideline.objects.create(project=project, version=1, text=guidelines, created_by=by)
        events.record(
            "project.created",
            team=team,
            project=project,
            actor=by,
            object_id=project.id,
            name=project.name,
        )
        events.tell(f"team:{team.id}", "project.changed", project.id)
    return project


def change_project(project: Project, *, by: User, settings: Settings) -> Project:
    changed = _apply(project, settings)
    with transaction.atomic():
        _save(project)
        events.record(
            "project.changed",
            team=project.team,
            project=project,
            actor=by,
            object_id=project.id,
            now=changed,
        )
        _tell(project)
    return project


@transaction.atomic
def write_guidelines(project: Project, *, text: str, by: User) -> Guideline:
    """A new version of the guidelines; what labels were made under older ones stays readable."""
    # Two people saving at once get two versions, not one IntegrityError.
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    newest = project.guidelines.aggregate(version=Max("version"))["version"] or 0
    guideline = Guideline.objects.create(
        project=project, version=newest + 1, text=text, created_by=by
    )
    events.record(
        "guidelines.written",
        team=project.team,
        project=project,
        actor=by,
        object_id=guideline.id,
        version=guideline.version,
    )
    _tell(project)
    events.tell(f"queue:{project.id}", "queue.changed", project.id)
    return guideline


def _apply(project: Project, settings: Settings) -> dict[str, Any]:
    values: dict[str, Any] = {**settings, **settings.get("policy", {})}
    values.pop("policy", None)
    for name, value in values.items():
        setattr(project, name, value)
    _check_responses(project)
    return values


def _check_responses(project: Project) -> None:
    """Whether a prompt gets as many responses as a task of the project shows at least."""
    kind = KINDS.get(project.task_kind, COMPARE)
    if project.responses_per_prompt < kind.least:
        sentence = say(
            "project_responses",
            "A {kind} task shows at least {least} responses, so a prompt needs as many; got {got}.",
            kind=project.task_kind,
            least=kind.least,
            got=project.responses_per_prompt,
        )
        raise InvalidInput(sentence, fields={"policy.responses_per_prompt": [sentence]})


def _save(project: Project) -> None:
    try:
        with transaction.atomic():
            project.save()
    except IntegrityError as error:
        sentence = "The team has a project of this name already. Choose another name."
        raise Conflict(sentence, fields={"name": [sentence]}) from error


def _tell(project: Project) -> None:
    events.tell(f"project:{project.id}", "project.changed", project.id)
    events.tell(f"team:{project.team_id}", "project.changed", project.id)
