"""A checkpoint that kept its gates may write for people and be built on."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from annotation.models import Checkpoint
from annotation.rounds.step import Made, Reads, Step, Work, source
from annotation.sentences import say
from annotation.services import checkpoints


@dataclass(frozen=True)
class AcceptReads(Reads):
    """Nothing is accepted unless every gate in `after` was kept, or accepted by a person."""

    checkpoints: tuple[str, ...] = source(kinds=("train",), least=1)
    after: tuple[str, ...] = source((), kinds=("gate",))


@dataclass(frozen=True, kw_only=True)
class Accept(Step):
    title: ClassVar = say("step_accept", "Accept")
    stage: ClassVar = "evaluating"

    kind: Literal["accept"] = "accept"
    reads: AcceptReads

    def run(self, work: Work) -> Made | None:
        return Made(checkpoints=tuple(work.pinned("checkpoints")))

    def finish(self, work: Work, made: Made) -> None:
        for checkpoint in Checkpoint.objects.filter(pk__in=made.checkpoints):
            checkpoints.accept_checkpoint(checkpoint, by=None)
