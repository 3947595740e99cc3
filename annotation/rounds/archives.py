"""Archiving: out of sight and without new work, until somebody brings it back. Nothing is lost."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from annotation.errors import Conflict
from annotation.happenings import happened
from annotation.models import Project, Prompt, Round, User
from annotation.rounds import plan
from annotation.sentences import say


@transaction.atomic
def archive_project(project: Project, *, by: User) -> Project:
    """Hide a project and stop its queue. Leases that are out can still be answered.

    Its rounds are archived at the same moment, which is how `restore_project` knows them from
    those that were archived by themselves. Conflict when it is archived already.
    """
    # The row is what `create_round` locks, too: no round is made that this would not archive.
    locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    if locked.archived_at is not None:
        raise Conflict(say("project_already_archived", "This project is archived already."))
    now = timezone.now()
    Project.objects.filter(pk=project.pk).update(archived_at=now)
    for round_ in Round.objects.filter(project=project, archived_at__isnull=True):
        _put_away(round_, now)
    happened("project.archived", project, by=by)
    project.refresh_from_db()
    return project


@transaction.atomic
def restore_project(project: Project, *, by: User) -> Project:
    """Bring a project back with the rounds that were archived with it; its queue goes on."""
    locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    if locked.archived_at is None:
        raise Conflict(say("project_not_archived", "This project is not archived."))
    for round_ in Round.objects.filter(project=project, archived_at=locked.archived_at):
        _bring_back(round_)
    Project.objects.filter(pk=project.pk).update(archived_at=None)
    happened("project.restored", project, by=by)
    project.refresh_from_db()
    return project


@transaction.atomic
def archive_round(round: Round, *, by: User) -> Round:
    """Hide a round: it hands out no work and does not go on. Its jobs that run run to their end."""
    if not _put_away(round, timezone.now()):
        raise Conflict(say("round_already_archived", "This round is archived already."))
    happened("round.archived", round, by=by, number=round.number)
    round.refresh_from_db()
    return round


@transaction.atomic
def restore_round(round: Round, *, by: User) -> Round:
    """Bring a round back; it goes on where it was."""
    if not _bring_back(round):
        raise Conflict(say("round_not_archived", "This round is not archived."))
    happened("round.restored", round, by=by, number=round.number)
    round.refresh_from_db()
    return round


def _put_away(round: Round, now: datetime) -> bool:
    """Whether it was there; what the labeler's path asks of a round follows from `settle`."""
    locked = plan.lock(round)
    if locked.archived_at is not None:
        return False
    locked.archived_at = now
    locked.save(update_fields=["archived_at"])
    plan.settle(locked)
    return True


def _bring_back(round: Round) -> bool:
    locked = plan.lock(round)
    if locked.archived_at is None:
        return False
    locked.archived_at = None
    locked.save(update_fields=["archived_at"])
    plan.settle(locked)
    return True


@transaction.atomic
def archive_prompt(prompt: Prompt, *, by: User) -> Prompt:
    """Hide a prompt: new rounds do not ask about it. Open tasks with it stay open."""
    changed = Prompt.objects.filter(pk=prompt.pk, archived_at__isnull=True).update(
        archived_at=timezone.now()
    )
    if not changed:
        raise Conflict(say("prompt_already_archived", "This prompt is archived already."))
    happened("prompt.archived", prompt, by=by)
    prompt.refresh_from_db()
    return prompt


@transaction.atomic
def restore_prompt(prompt: Prompt, *, by: User) -> Prompt:
    changed = Prompt.objects.filter(pk=prompt.pk, archived_at__isnull=False).update(
        archived_at=None
    )
    if not changed:
        raise Conflict(say("prompt_not_archived", "This prompt is not archived."))
    happened("prompt.restored", prompt, by=by)
    prompt.refresh_from_db()
    return prompt
