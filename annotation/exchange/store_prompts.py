"""Records become prompts, with the responses that came with them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from annotation.exchange.record import Record, Report
from annotation.exchange.writers import Writers
from annotation.models import Project, Prompt, Response
from annotation.models.prompt import split_of
from annotation.services.bulk import insert_rows, random_ids, renew_statistics

BATCH = 2000
PROMPT_COLUMNS = (
    "id", "project_id", "messages", "source", "tags", "language", "content_hash", "split",
)  # fmt: skip
RESPONSE_COLUMNS = ("id", "prompt_id", "text", "source", "checkpoint_id", "index")


def store(
    project: Project,
    batches: Iterator[list[Record]],
    report: Report,
    tell: Callable[[Report], None],
) -> None:
    """Store what the project does not have.

    A conversation that it has already counts as a duplicate, and only those of its responses are
    stored that are new. The caller holds the project's lock.
    """
    writers = Writers(project)
    renewed_at = 0
    for batch in batches:
        _store(project, batch, writers, report)
        tell(report)
        # At the first batch and whenever the tables have grown tenfold.
        if report.prompts >= 10 * renewed_at + BATCH // 2:
            renew_statistics(Prompt, Response)
            renewed_at = report.prompts


@dataclass(slots=True)
class _Stored:
    """A prompt with what is known of its responses: (writer, text), and how many by each writer."""

    id: UUID
    said: set[tuple[UUID | None, str]] = field(default_factory=set)
    written: dict[UUID | None, int] = field(default_factory=dict)

    def place_of(self, writer: UUID | None, text: str) -> int | None:
        """The next index of the writer, now taken; None for what is there already."""
        if (writer, text) in self.said:
            return None
        self.said.add((writer, text))
        place = self.written.get(writer, 0)
        self.written[writer] = place + 1
        return place


def _store(project: Project, batch: list[Record], writers: Writers, report: Report) -> None:
    stored = _stored(project, {record.prompt_hash for record in batch})
    fresh = random_ids()
    prompts: list[tuple[Any, ...]] = []
    responses: list[tuple[Any, ...]] = []
    for record in batch:
        digest = record.prompt_hash
        prompt = stored.get(digest)
        if prompt is None:
            prompt = stored[digest] = _Stored(next(fresh))
            prompts.append(
                (
                    prompt.id,
                    project.pk,
                    record.messages,
                    record.source,
                    record.tags,
                    record.language,
                    digest,
                    split_of(digest),
                )
            )
        else:
            report.duplicates += 1
        for text, model in record.responses:
            writer = writers.id_of(model)
            place = prompt.place_of(writer, text)
            if place is not None:
                responses.append((next(fresh), prompt.id, text, "import", writer, place))
    insert_rows(Prompt, PROMPT_COLUMNS, prompts)
    insert_rows(Response, RESPONSE_COLUMNS, responses)
    report.prompts += len(prompts)
    report.responses += len(responses)


def _stored(project: Project, digests: set[str]) -> dict[str, _Stored]:
    """{digest: prompt} of those that the project has, with their imported responses."""
    prompts = Prompt.objects.filter(project=project, content_hash__in=digests)
    by_id = {
        id_: (digest, _Stored(id_)) for id_, digest in prompts.values_list("id", "content_hash")
    }
    responses = Response.objects.filter(prompt__in=list(by_id), source=Response.Source.IMPORT)
    for prompt, writer, text in responses.values_list("prompt_id", "checkpoint_id", "text"):
        by_id[prompt][1].place_of(writer, text)
    return dict(by_id.values())
