"""People compare the responses of an earlier step, or those that an import brought."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Literal

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from annotation.happenings import happened
from annotation.models import Round, RoundStep
from annotation.rounds import sources
from annotation.rounds.schema import setting
from annotation.rounds.step import (
    CANCEL,
    CHANGE,
    ENOUGH,
    RETRY,
    Blocked,
    Made,
    Question,
    Reads,
    Step,
    Work,
    made_by,
    source,
)
from annotation.rounds.steps.generate import Generate
from annotation.rounds.tasks import TASK_KINDS, make_tasks
from annotation.sentences import say
from annotation.services import tasks
from training.contract.errors import ParseError
from training.contract.parse import to_json

# A round without a lease or an answer for this long is asked whether anybody can go on.
STILL = timedelta(seconds=60)


@dataclass(frozen=True)
class LabelReads(Reads):
    responses: str = source(kinds=("generate",), words=(sources.IMPORTED,))


@dataclass(frozen=True, kw_only=True)
class Label(Step):
    """`mixed` makes every `compare_every`-th prompt a comparison.

    Of the possible pairs of writers a comparison asks the one that should teach most, except for
    a share `random_floor` of even draws; 1 draws all of them evenly.
    """

    title: ClassVar = say("step_label", "Collect labels")
    stage: ClassVar = "labeling"
    is_single: ClassVar = True

    kind: Literal["label"] = "label"
    reads: LabelReads
    task_kind: str = setting("rank", choices=lambda: TASK_KINDS)
    labels_wanted: int = setting(1, least=1, most=100)
    compare_every: int = setting(3, least=2, most=1000)
    random_floor: float = setting(0.2, least=0.01, most=1)

    def check(self, where: str, earlier: Mapping[str, Step]) -> None:
        written = earlier.get(self.reads.responses)
        if written is None:
            return
        assert isinstance(written, Generate)
        least = 3 if self.task_kind == "rank" else 2
        if written.responses_per_prompt < least:
            raise ParseError(
                f"{where}.task_kind",
                say(
                    "recipe_too_few_responses",
                    "Needs at least {least} responses per prompt, and {step} writes {got}.",
                    least=least,
                    step=written.name,
                    got=written.responses_per_prompt,
                ),
            )

    def run(self, work: Work) -> Made | None:
        """Make the tasks that are missing, then wait for people; ask when nobody can give more.

        An import has brought its tasks along.
        """
        if self.reads.responses != sources.IMPORTED:
            self._open_tasks(work)
        progress = tasks.progress(work.round)
        if progress.done >= progress.total:
            return made_by(work.row)
        if progress.leased == 0 and _stands_still(work.round):
            stranded = tasks.stranded(work.round)
            if stranded and stranded == work.round.tasks.filter(is_open=True).count():
                raise Blocked(
                    Question(
                        say(
                            "tasks_stranded",
                            "{tasks} tasks want labels that nobody in the team can give: "
                            "everybody who may label has labeled or skipped them. Invite more "
                            "labelers, or go on with the {done} of {total} labels there are?",
                            tasks=stranded,
                            done=progress.done,
                            total=progress.total,
                        ),
                        (RETRY, ENOUGH, CANCEL),
                        {"tasks": stranded, "done": progress.done, "total": progress.total},
                    )
                )
        return None

    def finish(self, work: Work, made: Made) -> None:
        tasks.close(work.round)
        happened("labeling.finished", work.round)

    def _open_tasks(self, work: Work) -> None:
        """Tasks over the batches of prompts that have none yet, noted in the same transaction."""
        written = work.made(self.reads.responses).datasets
        if made_by(work.row).datasets == written:
            return
        with transaction.atomic():
            # Two workers must not both find the tasks missing.
            row = RoundStep.objects.select_for_update(no_key=True).get(pk=work.row.pk)
            if made_by(row).datasets != written and row.take == work.row.take:
                make_tasks(work.round, self, batch=len(written))
                if not work.round.tasks.exists():
                    raise Blocked(
                        Question(
                            say(
                                "nothing_to_compare",
                                "No prompt got two different responses, so there is nothing to "
                                "compare. Raise the temperature or add another checkpoint.",
                            ),
                            (CHANGE, CANCEL),
                        )
                    )
                row.made = to_json(Made(datasets=written))
                row.save(update_fields=["made"])
        work.row.made = row.made


def _stands_still(round: Round) -> bool:
    last = round.assignments.aggregate(at=Max("ended_at"))["at"]
    return last is not None and timezone.now() - last > STILL
