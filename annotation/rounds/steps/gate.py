"""Bounds that a checkpoint must keep, each judged by itself; not measured is not kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from annotation.models import Checkpoint, RoundStep
from annotation.rounds.gates import GATES, Measured, Subject
from annotation.rounds.schema import setting
from annotation.rounds.step import (
    ACCEPT,
    CANCEL,
    CHANGE,
    DISCARD,
    REDO,
    Blocked,
    Made,
    Question,
    Reads,
    Step,
    VerdictJson,
    Work,
    source,
)
from annotation.sentences import Sentence, say
from training.contract.errors import ParseError


@dataclass(frozen=True)
class Bound:
    """`least` and `most` are two bounds where both are given, each judged by itself."""

    gate: str = setting(choices=lambda: tuple(GATES))
    least: float | None = None
    most: float | None = None

    def sides(self) -> list["Bound"]:
        return [
            side
            for side in (Bound(self.gate, self.least, None), Bound(self.gate, None, self.most))
            if side.least is not None or side.most is not None
        ]

    @property
    def subject(self) -> str:
        return f"{self.gate}.{'least' if self.least is not None else 'most'}"

    def holds(self, value: float) -> bool:
        return (self.least is None or value >= self.least) and (
            self.most is None or value <= self.most
        )


@dataclass(frozen=True)
class GateReads(Reads):
    checkpoint: str = source(kinds=("train",))
    evaluation: str | None = source(None, kinds=("evaluate",))
    # Which reward model `reward_accuracy` judges; without one, that of the evaluation.
    reward: str | None = source(None, kinds=("train",), is_reward=True)


@dataclass(frozen=True, kw_only=True)
class Gates(Step):
    title: ClassVar = say("step_gate", "Hold against the gates")
    stage: ClassVar = "evaluating"

    kind: Literal["gate"] = "gate"
    reads: GateReads
    bounds: tuple[Bound, ...] = setting(least=1)

    def check(self, where: str, earlier: Mapping[str, Step]) -> None:
        seen: set[str] = set()
        for i, bound in enumerate(self.bounds):
            if not bound.sides():
                raise ParseError(
                    f"{where}.bounds.{i}",
                    say("recipe_no_bound", "Expected `least` or `most`, got neither."),
                )
            if twice := seen & {side.subject for side in bound.sides()}:
                raise ParseError(
                    f"{where}.bounds.{i}",
                    say("recipe_bound_twice", "{bound} is asked twice.", bound=min(twice)),
                )
            seen |= {side.subject for side in bound.sides()}

    def run(self, work: Work) -> Made | None:
        """Every bound is judged, whatever the others say; all that do not hold are asked about."""
        subject = self._subject(work)
        measured: dict[str, Measured] = {}
        verdicts: list[VerdictJson] = []
        for bound in self.bounds:
            if bound.gate not in measured:
                measured[bound.gate] = GATES[bound.gate].measure(subject)
            verdicts += [judge(side, measured[bound.gate]) for side in bound.sides()]
        # Nothing reads them before the step has moved on, so a lost race costs nothing.
        RoundStep.objects.filter(
            pk=work.row.pk, attempts=work.row.attempts, state=RoundStep.State.RUNNING
        ).update(evidence=verdicts)
        if asked := [one for one in verdicts if not one["passed"]]:
            raise Blocked(*(self._question(subject.checkpoint, one, measured) for one in asked))
        return Made(passed=True)

    def _subject(self, work: Work) -> Subject:
        checkpoint = work.checkpoint("checkpoint")
        assert checkpoint is not None, "the step it reads made one"
        evaluation = None
        if self.reads.evaluation is not None:
            evaluation = work.made(self.reads.evaluation).evaluation
        reward = work.checkpoint("reward")
        if reward is None and evaluation is not None and evaluation.reward is not None:
            reward = Checkpoint.objects.get(pk=evaluation.reward)
        return Subject(work.round, checkpoint, evaluation, reward)

    def _question(
        self, checkpoint: Checkpoint, verdict: VerdictJson, measured: Mapping[str, Measured]
    ) -> Question:
        gate = GATES[verdict["gate"]]
        side = Bound(verdict["gate"], verdict["least"], verdict["most"])
        return Question(
            verdict_of(side, measured[verdict["gate"]]),
            (ACCEPT, DISCARD, REDO, CHANGE, CANCEL),
            {
                **verdict["evidence"],
                "checkpoint": str(checkpoint.pk),
                "value": verdict["value"],
                "least": verdict["least"],
                "most": verdict["most"],
            },
            subject=verdict["subject"],
            title=gate.title,
        )


def judge(bound: Bound, found: Measured) -> VerdictJson:
    """One bound against one number."""
    gate = GATES[bound.gate]
    return {
        "subject": bound.subject,
        "gate": bound.gate,
        "title": gate.title.to_json(),
        "unit": gate.unit.to_json(),
        "least": bound.least,
        "most": bound.most,
        "value": found.value,
        "passed": found.value is not None and bound.holds(found.value),
        "said": verdict_of(bound, found).to_json(),
        "evidence": found.evidence,
    }


def verdict_of(bound: Bound, found: Measured) -> Sentence:
    if found.value is None:
        reason = found.missing or say("gate_no_number", "The gate gave no number.")
        return say("gate_unmeasured", "Not measured, so it does not pass. {reason}", reason=reason)
    value = f"{found.value:.3g}"
    if bound.least is not None:
        if bound.holds(found.value):
            return say(
                "gate_least_held", "{value}, at least {bound}", value=value, bound=bound.least
            )
        return say(
            "gate_least_broken",
            "{value}; the recipe asks for at least {bound}.",
            value=value,
            bound=bound.least,
        )
    if bound.holds(found.value):
        return say("gate_most_held", "{value}, at most {bound}", value=value, bound=bound.most)
    return say(
        "gate_most_broken",
        "{value}; the recipe asks for at most {bound}.",
        value=value,
        bound=bound.most,
    )
