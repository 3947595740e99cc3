"""What every kind of step has, and what it is given while it runs."""

import dataclasses
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from annotation.errors import DomainError, InvalidInput
from annotation.models import Checkpoint, Dataset, Job, Round, RoundStep
from annotation.models.job import Failure
from annotation.rounds import sources
from annotation.sentences import Sentence, SentenceJson, say
from annotation.services import jobs
from training.contract.methods import METHODS
from training.contract.parse import limited, parse
from training.contract.sentences import Scalar

if TYPE_CHECKING:
    from annotation.rounds.recipe import Recipe

Evidence = dict[str, Scalar]
Pins = dict[str, list[str]]

STAGES = ("generating", "labeling", "aggregating", "training", "evaluating")

RETRY, REDO, CHANGE, SKIP, ENOUGH = "retry", "redo", "change", "skip", "enough"
ACCEPT, DISCARD, CANCEL = "accept", "discard", "cancel"


class QuestionJson(TypedDict):
    """One thing that people have to decide, as stored in `RoundStep.block`."""

    subject: str
    title: SentenceJson | None
    said: SentenceJson
    evidence: Evidence
    choices: list[str]


class VerdictJson(TypedDict):
    """What a gate found at one bound, as stored in `RoundStep.evidence`."""

    subject: str
    gate: str
    title: SentenceJson
    unit: SentenceJson
    least: float | None
    most: float | None
    value: float | None
    passed: bool
    said: SentenceJson
    evidence: Evidence


@dataclass(frozen=True)
class Question:
    """`subject` tells the questions of one step apart; "" where it asks one thing only."""

    said: Sentence
    choices: tuple[str, ...]
    evidence: Evidence = field(default_factory=dict)
    subject: str = ""
    title: Sentence | None = None

    def to_json(self) -> QuestionJson:
        return {
            "subject": self.subject,
            "title": None if self.title is None else self.title.to_json(),
            "said": self.said.to_json(),
            "evidence": self.evidence,
            "choices": list(self.choices),
        }


class Blocked(Exception):
    """The step cannot go on by itself: what people have to decide, each question by itself."""

    def __init__(self, *questions: Question) -> None:
        super().__init__("; ".join(str(one.said) for one in questions))
        self.questions = questions


@dataclass(frozen=True)
class Wins:
    """How often the reward model prefers the new answers on the same prompts, a tie is half.

    0 to 1 with a 95 % Wilson interval over `n` prompts.
    """

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Evaluation:
    """What an evaluate step measured; no metrics without a reward model and held-out prompts."""

    checkpoint: str
    parent: str | None = None
    reward: str | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    parent_metrics: dict[str, float] = field(default_factory=dict)
    wins: Wins | None = None


@dataclass(frozen=True)
class Made:
    """What a step made, for the steps that read it. `passed` is a gate's answer."""

    datasets: tuple[str, ...] = ()
    checkpoints: tuple[str, ...] = ()
    passed: bool | None = None
    evaluation: Evaluation | None = None


def made_by(row: RoundStep) -> Made:
    return Made() if row.made is None else parse(Made, row.made, f"steps.{row.name}.made")


@dataclass(frozen=True)
class Source:
    """What one role of a step may name: earlier steps of these kinds, words, checkpoint ids."""

    kinds: tuple[str, ...]
    words: tuple[str, ...] = ()
    takes_checkpoint: bool = False
    # Whether a reward model is meant, and by the words; None: any checkpoint.
    is_reward: bool | None = None


def source(
    default: Any = dataclasses.MISSING,
    *,
    kinds: tuple[str, ...],
    words: tuple[str, ...] = (),
    takes_checkpoint: bool = False,
    is_reward: bool | None = None,
    least: float | None = None,
) -> Any:
    """A field of a step's `reads`."""
    metadata = {
        "source": Source(kinds, words, takes_checkpoint, is_reward),
        **limited(least=least),
    }
    if default is dataclasses.MISSING:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Reads:
    """The base of what a kind reads: each field is a role, each value names where it comes from."""

    def roles(self) -> Iterator[tuple[str, Source, tuple[str, ...]]]:
        """(role, what it may name, the names given)."""
        for role in dataclasses.fields(self):
            given = getattr(self, role.name)
            names = () if given is None else given if isinstance(given, tuple) else (given,)
            yield role.name, role.metadata["source"], names

    def names(self) -> set[str]:
        return {name for _, _, names in self.roles() for name in names}


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step of a recipe: the dataclass is its settings, its methods what it does.

    A new kind is a subclass in a file of its own and a row in STEPS.
    """

    # What people see while it runs, in words and as the round's stage.
    title: ClassVar[Sentence]
    stage: ClassVar[str]
    # Whether a recipe may hold several. Tasks and labels belong to a round, not to a step of it.
    is_single: ClassVar[bool] = False

    name: str
    kind: str
    reads: Reads

    def check(self, where: str, earlier: Mapping[str, "Step"]) -> None:
        """Refuse what the types cannot: ParseError."""

    def run(self, work: "Work") -> Made | None:
        """Do what can be done now: None while something is under way, Made when all is there.

        It finds what is there already (jobs and datasets by key) and adds what is missing, so it
        may be killed at any line and called again. Raises Blocked.
        """
        raise NotImplementedError

    def finish(self, work: "Work", made: Made) -> None:
        """What belongs into the transaction in which the step becomes done."""


@dataclass
class Work:
    """One step at work: its round, the recipe as amended, its own row and those of the others."""

    round: Round
    recipe: "Recipe"
    row: RoundStep
    rows: Mapping[str, RoundStep]

    @property
    def key(self) -> str:
        """Names the jobs and datasets of this take of the step."""
        return key_of(self.row)

    def pinned(self, role: str) -> list[str]:
        return list((self.row.reads or {}).get(role, []))

    def checkpoints(self, role: str) -> list[Checkpoint]:
        """What the role was resolved to when the step first ran, in the recipe's order."""
        found = Checkpoint.objects.in_bulk([UUID(id_) for id_ in self.pinned(role)])
        return [found[UUID(id_)] for id_ in self.pinned(role)]

    def checkpoint(self, role: str) -> Checkpoint | None:
        found = self.checkpoints(role)
        return found[0] if found else None

    def dataset(self, role: str) -> Dataset:
        return Dataset.objects.get(pk=self.pinned(role)[0])

    def made(self, name: str) -> Made:
        return made_by(self.rows[name])

    def step(self, name: str) -> Step:
        return self.recipe.step(name)

    def resolve(self, reads: Reads) -> Pins:
        """What every name in `reads` means now. Raises InvalidInput."""
        return {
            role: [id_ for name in names for id_ in self._mean(name, source)]
            for role, source, names in reads.roles()
        }

    def _mean(self, name: str, source: Source) -> list[str]:
        if name in self.rows:
            made = self.made(name)
            return list(made.checkpoints or made.datasets)
        if name in (sources.PARENT, sources.IMPORTED):
            return []
        kind = Checkpoint.Kind.REWARD if source.is_reward else Checkpoint.Kind.POLICY
        found = sources.find(self.round, name, kind=kind)
        if found is None and sources.is_checkpoint_id(name):
            raise InvalidInput(sources.not_usable(name))
        return [] if found is None else [str(found.pk)]

    def job(
        self,
        *parts: str,
        method: str,
        dataset: Dataset,
        settings_: dict[str, Any],
        model: Checkpoint | None = None,
        reward: Checkpoint | None = None,
        reference_model: Checkpoint | None = None,
        learned_from: Dataset | None = None,
    ) -> Job:
        """The job of this take that `parts` name, made now unless it is there."""
        key = ":".join((self.key, *parts))
        if found := Job.objects.filter(round=self.round, key=key).first():
            return found
        try:
            with transaction.atomic():
                return jobs.queue_job(
                    self.round.project,
                    round=self.round,
                    key=key,
                    method=method,
                    dataset=dataset,
                    settings_=settings_,
                    model=model,
                    reward=reward,
                    reference_model=reference_model,
                    seed=zlib.crc32(f"{self.round.pk}/{key}".encode()),
                    lineage=self._lineage(learned_from, model),
                )
        except IntegrityError:
            # Another worker that had lost its lock made the same job between the look and the
            # insert; the key decides that there is one.
            return Job.objects.get(round=self.round, key=key)

    def _lineage(self, dataset: Dataset | None, parent: Checkpoint | None) -> dict[str, Any]:
        value: dict[str, Any] = {
            "project": self.round.project.name,
            "round": self.round.number,
            "code_version": settings.VERSION,
        }
        if dataset is not None:
            value["dataset"] = {"id": str(dataset.pk), "digest": dataset.digest}
            value["labels"] = dataset.provenance.get("labels", 0)
            if parent is not None:
                value["parents"] = [
                    {"id": str(parent.pk), "name": parent.name, "digest": parent.digest}
                ]
        return value


def key_of(row: RoundStep) -> str:
    return row.name if row.take == 1 else f"{row.name}~{row.take}"


def is_key_of(key: str, row: RoundStep) -> bool:
    """Whether a job or dataset of this key belongs to the row's present take."""
    return key.partition(":")[0] == key_of(row)


def all_succeeded(found: Sequence[Job]) -> bool:
    """True when all are done, False while some run; one that failed blocks the step."""
    for job in found:
        if job.state in (Job.State.FAILED, Job.State.CANCELLED):
            raise Blocked(Question(_ended(job), (RETRY, CHANGE, CANCEL), _evidence_of(job)))
    return all(job.state == Job.State.SUCCEEDED for job in found)


def _ended(job: Job) -> Sentence:
    method = METHODS[job.method].title
    if job.state == Job.State.CANCELLED:
        return say("step_job_cancelled", "{method}: the job was cancelled.", method=method)
    failure: Failure | None = job.error
    return say(
        "step_job_failed",
        "{method}: the job failed at attempt {attempt}. {reason}",
        method=method,
        attempt=job.attempt,
        reason=Sentence.stored(failure["sentence"])
        if failure and failure["sentence"]
        else say("see_log", "Its log says more."),
    )


def _evidence_of(job: Job) -> Evidence:
    """The words of a library are evidence: they have no translation and belong to no sentence."""
    failure: Failure | None = job.error
    if failure is None or failure["sentence"]:
        return {"job": str(job.pk)}
    return {"job": str(job.pk), "error": f"{failure['class']}: {failure['text']}"}


def why(error: Exception) -> Sentence:
    """The sentence for an error that nobody foresaw, or that a service raised with words."""
    if isinstance(error, DomainError):
        return error.sentence
    return say(
        "step_failed", "{error}: {reason}", error=type(error).__name__, reason=str(error)[:2000]
    )
