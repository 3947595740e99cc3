"""Prompts and the responses that come with them: one by one, or a file of JSON lines."""

import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction

from annotation import events
from annotation.errors import Conflict, InvalidInput
from annotation.models import Checkpoint, Project, Prompt, Response, User
from annotation.models.prompt import content_hash, split_of
from annotation.services.bulk import insert_rows, random_ids, renew_statistics

BATCH = 2000
MOST_ERRORS = 1000
ROLES = ("system", "user", "assistant")
PROMPT_COLUMNS = (
    "id", "project_id", "messages", "source", "tags", "language", "content_hash", "split",
)  # fmt: skip
RESPONSE_COLUMNS = ("id", "prompt_id", "text", "source", "checkpoint_id", "index")

Message = dict[str, str]


@dataclass(frozen=True)
class LineError:
    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


@dataclass
class ImportReport:
    """What an import did. `errors` holds the first thousand; `bad_lines` counts them all."""

    lines: int = 0
    created: int = 0
    duplicates: int = 0
    responses: int = 0
    bad_lines: int = 0
    errors: list[LineError] = field(default_factory=list)

    def reject(self, line: int, message: str) -> None:
        self.bad_lines += 1
        if len(self.errors) < MOST_ERRORS:
            self.errors.append(LineError(line, message))


@dataclass(frozen=True)
class PromptRecord:
    """One valid line: a prompt and its responses as (text, name of the model or None)."""

    messages: list[Message]
    digest: str
    source: str
    tags: list[str]
    language: str
    responses: list[tuple[str, str | None]]


def create_prompt(
    project: Project,
    *,
    by: User,
    messages: list[Message],
    source: str = "",
    tags: list[str] | None = None,
    language: str = "en",
) -> Prompt:
    """One prompt; Conflict where the project has the same conversation already."""
    record = parse_record(
        {"messages": messages, "source": source, "tags": tags or [], "language": language}
    )
    with transaction.atomic():
        prompt, made = Prompt.objects.get_or_create(
            project=project,
            content_hash=record.digest,
            defaults={
                "messages": record.messages,
                "source": source,
                "tags": record.tags,
                "language": language,
                "split": split_of(record.digest),
            },
        )
        if not made:
            raise Conflict("The project has this prompt already.")
        events.record(
            "prompt.created", team=project.team, project=project, actor=by, object_id=prompt.id
        )
        events.tell(f"project:{project.id}", "prompt.changed", prompt.id)
    return prompt


def import_prompts(
    project: Project,
    lines: Iterable[Any],
    *,
    by: User | None,
    strict: bool = False,
    on_progress: Callable[[ImportReport], None] = lambda report: None,
) -> ImportReport:
    """Read JSON lines into prompts and responses, all in one transaction.

    Lines are bytes, or what they stand for where they are parsed already. A line that cannot be
    used is reported with its number and left out; with `strict` one such line means that nothing
    is stored. A conversation that the project has already is counted as a duplicate and only
    those of its responses are stored that are new, so the same file twice adds nothing. Memory
    does not grow with the file.
    """
    report = ImportReport()
    with transaction.atomic():
        # Two imports of the same prompts would both find them missing, and the second one die on
        # the unique constraint. The lock lets labels of the project be written meanwhile.
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        writers = Writers(project)
        records = _parsed(lines, report)
        renewed_at = 0
        for batch in _ahead(records):
            _store(project, batch, writers, report)
            on_progress(report)
            # At the first batch and whenever the tables have grown tenfold.
            if report.created >= 10 * renewed_at + BATCH // 2:
                renew_statistics(Prompt, Response)
                renewed_at = report.created
        on_progress(report)
        if strict and report.bad_lines:
            transaction.set_rollback(True)
            report.created = report.duplicates = report.responses = 0
        else:
            events.record(
                "prompts.imported",
                team=project.team,
                project=project,
                actor=by,
                created=report.created,
                duplicates=report.duplicates,
                responses=report.responses,
                bad_lines=report.bad_lines,
            )
            events.tell(f"project:{project.id}", "prompt.changed", project.id)
    return report


@contextmanager
def open_lines(path: Path) -> Iterator[Iterable[bytes]]:
    """The lines of a file, unpacked where its name ends in .gz."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        yield file


def _ahead(records: Iterator[PromptRecord]) -> Iterator[list[PromptRecord]]:
    """Batches of records; the next one is parsed while the database takes the one before."""
    with ThreadPoolExecutor(1, thread_name_prefix="parse") as parser:
        following = parser.submit(lambda: list(islice(records, BATCH)))
        while batch := following.result():
            following = parser.submit(lambda: list(islice(records, BATCH)))
            yield batch


def _parsed(lines: Iterable[Any], report: ImportReport) -> Iterator[PromptRecord]:
    for number, line in enumerate(lines, start=1):
        if isinstance(line, bytes) and not line.strip():
            continue
        report.lines += 1
        try:
            yield parse_record(parse_json(line) if isinstance(line, bytes) else line)
        except InvalidInput as error:
            report.reject(number, error.message)


def parse_json(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise InvalidInput(f"expected one JSON object per line, got {short(line)}") from error
    except RecursionError as error:
        raise InvalidInput("expected a JSON object, got one nested too deeply") from error


def parse_record(value: Any) -> PromptRecord:
    """A line's object, checked; InvalidInput says what was expected and what came."""
    if not isinstance(value, dict):
        raise InvalidInput(f"expected a JSON object, got {short(value)}")
    unknown = value.keys() - {
        "messages", "prompt", "responses", "tags", "language", "source", "ids", "split"
    }  # fmt: skip
    if unknown:
        raise InvalidInput(
            "expected messages or prompt, responses, tags, language and source, "
            f"got {sorted(unknown)[0]!r}"
        )
    messages = parse_messages(value)
    if messages[-1]["role"] != "user":
        raise InvalidInput(
            f"expected a conversation that ends with the user, got {messages[-1]['role']!r} last"
        )
    tags = value.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise InvalidInput(f"expected tags as a list of texts, got {short(tags)}")
    source, language = value.get("source") or "", value.get("language") or "en"
    if not isinstance(source, str) or len(source) > 200:
        raise InvalidInput(
            f"expected source as a text of at most 200 characters, got {short(source)}"
        )
    if not isinstance(language, str) or len(language) > 10:
        raise InvalidInput(f"expected language as a code such as en, got {short(language)}")
    responses = [_parse_response(response) for response in _listed(value, "responses")]
    check_text(source, language, *tags)
    digest = content_hash(messages)
    return PromptRecord(messages, digest, source, tags, language, responses)


def parse_messages(value: dict[str, Any]) -> list[Message]:
    if ("messages" in value) == ("prompt" in value):
        raise InvalidInput("expected exactly one of messages and prompt")
    given = value["messages"] if "messages" in value else value["prompt"]
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    if not isinstance(given, list) or not given:
        raise InvalidInput(f"expected a list of messages, got {short(given)}")
    for message in given:
        if not isinstance(message, dict) or message.keys() != {"role", "content"}:
            raise InvalidInput(
                f"expected a message with exactly role and content, got {short(message)}"
            )
        if message["role"] not in ROLES:
            raise InvalidInput(
                f"expected role system, user or assistant, got {short(message['role'])}"
            )
        content = message["content"]
        if not isinstance(content, str) or not content.strip():
            raise InvalidInput(f"expected content as text that is not empty, got {short(content)}")
        check_text(content)
    return given


def _listed(value: dict[str, Any], name: str) -> list[Any]:
    found = value.get(name) or []
    if not isinstance(found, list):
        raise InvalidInput(f"expected {name} as a list, got {short(found)}")
    return found


def _parse_response(value: Any) -> tuple[str, str | None]:
    if isinstance(value, str):
        text, model = value, None
    elif isinstance(value, dict) and "text" in value and value.keys() <= {"text", "model"}:
        text, model = value["text"], value.get("model")
    else:
        raise InvalidInput(
            f"expected a response as text or as an object with text and model, got {short(value)}"
        )
    if not isinstance(text, str) or not (model is None or (isinstance(model, str) and model)):
        raise InvalidInput(f"expected text and model of a response as texts, got {short(value)}")
    check_text(text, model or "")
    if model and len(model) > 200:
        raise InvalidInput(f"expected a model name of at most 200 characters, got {len(model)}")
    return text, model


def check_text(*texts: str) -> None:
    """InvalidInput for text that no database or browser can hold."""
    for text in texts:
        if "\x00" in text:
            raise InvalidInput("expected text without the character NUL (\\u0000)")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InvalidInput("expected whole characters, got half a surrogate pair") from error


def short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


class Writers:
    """The external checkpoints that stand for the models named in a file, made when first met."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.known: dict[str | None, UUID | None] = {None: None}

    def id_of(self, model: str | None) -> UUID | None:
        if model not in self.known:
            assert model is not None
            self.known[model] = external_checkpoint(self.project, model).pk
        return self.known[model]


def external_checkpoint(project: Project, model: str) -> Checkpoint:
    """The checkpoint that stands for a model whose weights are not here.

    A checkpoint trained here may bear the name of an imported model; the two stay apart.
    """
    own = Checkpoint.objects.filter(project=project, name=model).exclude(
        kind=Checkpoint.Kind.EXTERNAL
    )
    name = f"{model} (imported)" if own.exists() else model
    checkpoint, _ = Checkpoint.objects.get_or_create(
        project=project, name=name, defaults={"kind": Checkpoint.Kind.EXTERNAL}
    )
    return checkpoint


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


def _store(
    project: Project, batch: list[PromptRecord], writers: Writers, report: ImportReport
) -> None:
    stored = _stored(project, {record.digest for record in batch})
    fresh = random_ids()
    prompts: list[tuple[Any, ...]] = []
    responses: list[tuple[Any, ...]] = []
    for record in batch:
        prompt = stored.get(record.digest)
        if prompt is None:
            prompt = stored[record.digest] = _Stored(next(fresh))
            prompts.append(
                (
                    prompt.id,
                    project.pk,
                    record.messages,
                    record.source,
                    record.tags,
                    record.language,
                    record.digest,
                    split_of(record.digest),
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
    report.created += len(prompts)
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
