"""Labels become consensus, the ladder, and the rows that training reads."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from annotation.rounds import sources
from annotation.rounds.step import (
    CANCEL,
    REDO,
    SKIP,
    Blocked,
    Made,
    Question,
    Reads,
    Step,
    Work,
    source,
)
from annotation.sentences import say
from annotation.services import consensus, datasets, ratings


@dataclass(frozen=True)
class AggregateReads(Reads):
    labels: str = source(kinds=("label",), words=(sources.IMPORTED,))


@dataclass(frozen=True, kw_only=True)
class Aggregate(Step):
    """`learn_from` is "project" (the labels of all rounds that are done, and these) or "round"."""

    title: ClassVar = say("step_aggregate", "Weigh the labels")
    stage: ClassVar = "aggregating"
    is_single: ClassVar = True

    kind: Literal["aggregate"] = "aggregate"
    reads: AggregateReads
    learn_from: Literal["project", "round"] = "project"

    def run(self, work: Work) -> Made | None:
        consensus.write_consensus(work.round)
        ratings.close(work.round)
        if not any(self.name in step.reads.names() for step in work.recipe.steps):
            return Made()
        dataset = datasets.freeze_preferences(work.round, key=work.key, learn_from=self.learn_from)
        if dataset.train_rows == 0:
            raise Blocked(
                Question(
                    say(
                        "nothing_to_learn",
                        "The labels hold no decided comparison on a training prompt, so there is "
                        "nothing to learn from.",
                    ),
                    (SKIP, REDO, CANCEL),
                    {"rows": dataset.rows, "labels": dataset.provenance.get("labels", 0)},
                )
            )
        return Made(datasets=(str(dataset.pk),))
