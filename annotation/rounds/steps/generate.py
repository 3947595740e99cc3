"""Checkpoints write responses to prompts."""

import json
import random
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal

from annotation.kinds import MOST_RESPONSES
from annotation.models import Checkpoint, Dataset, Job, Prompt, Response, Round
from annotation.rounds import sources
from annotation.rounds.schema import setting
from annotation.rounds.step import (
    CANCEL,
    CHANGE,
    RETRY,
    Blocked,
    Made,
    Question,
    Reads,
    Step,
    Work,
    all_succeeded,
    source,
)
from annotation.sentences import Sentence, say
from annotation.services import datasets
from training.contract.methods import read_settings


@dataclass(frozen=True)
class PromptChoice:
    """Which prompts of the project are asked about. Those no round has asked come first."""

    count: int = setting(100, least=1, most=1_000_000)
    split: Literal["train", "eval", "both"] = "both"
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class GenerateReads(Reads):
    """Who writes. Names that mean the same checkpoint count once; the first one writes most."""

    writers: tuple[str, ...] = source(
        (sources.NEWEST, sources.PREVIOUS, sources.BASE),
        kinds=(),
        words=sources.WORDS,
        takes_checkpoint=True,
        least=1,
    )


@dataclass(frozen=True, kw_only=True)
class Generate(Step):
    title: ClassVar = say("step_generate", "Write responses")
    stage: ClassVar = "generating"
    is_single: ClassVar = True

    kind: Literal["generate"] = "generate"
    reads: GenerateReads = GenerateReads()
    prompts: PromptChoice = PromptChoice()
    responses_per_prompt: int = setting(4, least=1, most=MOST_RESPONSES)
    temperature: float = 1.0
    top_p: float = 1.0
    max_new_tokens: int = 64

    def check(self, where: str, earlier: Mapping[str, Step]) -> None:
        read_settings("generate", self._sampling(self.responses_per_prompt), where)

    def run(self, work: Work) -> Made | None:
        """Prompts are frozen in batches: one at first, another when more are asked for.

        A batch begins only after the responses to the one before it are stored.
        """
        writers = _each_once(work)
        batches = _batches(work)
        if not batches:
            # What an earlier take wrote would be mixed with what comes; its tasks are gone.
            Response.objects.filter(round=work.round).delete()
        if batches and not self._write(work, batches[-1], writers):
            return None
        missing = self.prompts.count - sum(batch.rows for batch in batches)
        if missing > 0 and (chosen := self._more_prompts(work.round, missing)):
            key = f"{work.key}:{len(batches) + 1}"
            batch = datasets.freeze_prompts(work.round, key=key, prompts=chosen)
            self._write(work, batch, writers)
            return None
        if not batches:
            raise Blocked(Question(no_prompts(), (RETRY, CHANGE, CANCEL)))
        return Made(datasets=tuple(str(batch.pk) for batch in batches))

    def _more_prompts(self, round: Round, count: int) -> list[Prompt]:
        answered = Response.objects.filter(round=round).values_list("prompt_id", flat=True)
        more = replace(self.prompts, count=count)
        return choose_prompts(round, more, without=set(answered.distinct()))

    def _write(self, work: Work, batch: Dataset, writers: list[Checkpoint]) -> bool:
        """Whether every writer has answered the batch and the answers are stored."""
        running = []
        _, _, number = batch.key.rpartition(":")
        shares = deal(self.responses_per_prompt, len(writers))
        for writer, share in zip(writers, shares, strict=True):
            if share:
                job = work.job(
                    number,
                    str(writer.pk),
                    method="generate",
                    dataset=batch,
                    model=writer,
                    settings_=self._sampling(share),
                )
                running.append((job, writer))
        if not all_succeeded([job for job, _ in running]):
            return False
        for job, writer in running:
            store_responses(job, writer)
        return True

    def _sampling(self, share: int) -> dict[str, int | float]:
        return {
            "responses_per_prompt": share,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_new_tokens": self.max_new_tokens,
        }


def _each_once(work: Work) -> list[Checkpoint]:
    """The writers, each once, in order; blocks while a name means nothing in this project."""
    found = {one.pk: one for one in work.checkpoints("writers")}
    if not found:
        raise Blocked(Question(no_writer(), (RETRY, CHANGE, CANCEL)))
    return list(found.values())


def no_writer() -> Sentence:
    return say(
        "no_writer",
        "The project has no accepted checkpoint that can write. Register a model under "
        "Checkpoints first.",
    )


def no_prompts() -> Sentence:
    return say(
        "no_prompts_fit",
        "The project has no prompts that fit this recipe. Import prompts, or choose another split "
        "or other tags.",
    )


def _batches(work: Work) -> list[Dataset]:
    found = Dataset.objects.filter(round=work.round, key__startswith=f"{work.key}:")
    return sorted(found, key=lambda batch: int(batch.key.rpartition(":")[2]))


def choose_prompts(
    round: Round, choice: PromptChoice, *, without: Collection[uuid.UUID] = ()
) -> list[Prompt]:
    """The prompts that `choice` means: those no other round asked first, then by a hash.

    Deterministic in the round, so that a second call after a crash chooses the same ones.
    """
    prompts = Prompt.objects.filter(project=round.project, archived_at__isnull=True)
    if choice.split != "both":
        prompts = prompts.filter(split=choice.split)
    rows = list(prompts.values_list("id", "tags"))
    if choice.tags:
        wanted = set(choice.tags)
        rows = [row for row in rows if wanted & set(row[1])]
    elsewhere = set(
        Response.objects.filter(prompt__project=round.project, round__isnull=False)
        .exclude(round=round)
        .values_list("prompt_id", flat=True)
        .distinct()
    )
    rng = random.Random(f"prompts/{round.pk}")
    ids = sorted(row[0] for row in rows)
    rng.shuffle(ids)
    ids.sort(key=lambda id_: id_ in elsewhere)
    beside = set(without)
    ids = [id_ for id_ in ids if id_ not in beside][: choice.count]
    chosen = Prompt.objects.in_bulk(ids)
    return [chosen[id_] for id_ in ids]


def deal(k: int, writers: int) -> list[int]:
    """How many of K responses each writer gives, dealt in turn, the first writer first.

    >>> deal(4, 3)
    [2, 1, 1]
    """
    return [k // writers + (i < k % writers) for i in range(writers)]


def store_responses(job: Job, checkpoint: Checkpoint) -> int:
    """Read a generation job's file into responses; a second call adds nothing. Returns the count.

    Prompts that got an empty answer keep it: an empty answer is an answer, and a bad one.
    """
    settings = job.spec["settings"]
    rows = []
    with (Path(job.run_dir) / "responses.jsonl").open(encoding="utf-8") as file:
        for line in file:
            value = json.loads(line)
            for index, one in enumerate(value["responses"]):
                rows.append(
                    Response(
                        prompt_id=uuid.UUID(value["ids"]["prompt"]),
                        round=job.round,
                        # A model may write any byte; no text column of PostgreSQL holds a zero.
                        text=one["text"].replace("\0", "\N{REPLACEMENT CHARACTER}"),
                        source=Response.Source.CHECKPOINT,
                        checkpoint=checkpoint,
                        index=index,
                        settings=settings,
                        seed=one["seed"],
                        token_count=one["tokens"],
                        finish_reason=one["finish_reason"],
                    )
                )
    Response.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)
    return len(rows)
