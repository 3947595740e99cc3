"""What the commands share: find a project by its name, tell how far an import is."""

import sys
import time
from uuid import UUID

from django.core.management.base import CommandError

from annotation.models import Project, Team
from annotation.services.projects import create_project


def find_project(name: str, *, team: str | None = None) -> Project:
    """The project of this name or id. With `team`, it is made there where it does not exist."""
    rows = Project.objects.filter(deleted_at__isnull=True).select_related("team")
    rows = rows.filter(pk=name) if _is_uuid(name) else rows.filter(name=name)
    if team:
        rows = rows.filter(team__name=team)
    found = list(rows[:2])
    if len(found) == 1:
        return found[0]
    if found:
        raise CommandError(f"More than one team has a project {name!r}. Name it by its id.")
    if team is None:
        names = ", ".join(Project.objects.order_by("name").values_list("name", flat=True)[:20])
        raise CommandError(
            f"There is no project {name!r}. Projects here: {names or 'none'}. "
            "With --team a project is made."
        )
    teams = list(Team.objects.filter(name=team)[:2])
    if len(teams) != 1:
        raise CommandError(f"Expected one team named {team!r}, found {len(teams)}.")
    return create_project(teams[0], by=None, settings={"name": name})


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


class Progress:
    """A line about how far a long command is: rewritten on a terminal, now and then in a log."""

    def __init__(self) -> None:
        self.stream = sys.stderr
        self.pause = 0.2 if self.stream.isatty() else 5.0
        self.told_at = time.monotonic()

    def tell(self, text: str) -> None:
        now = time.monotonic()
        if now - self.told_at >= self.pause:
            self.told_at = now
            start, end = ("\r", "") if self.stream.isatty() else ("", "\n")
            self.stream.write(f"{start}{text}{end}")
            self.stream.flush()
