"""Files in and out: what formats there are, a look into a file, import and export."""

import json
import tempfile
from collections.abc import Mapping
from typing import IO, cast
from uuid import UUID

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.access import get_project, get_team
from annotation.api.base import Fields, View, user_of
from annotation.api.parsers import FileParser
from annotation.api.projects import ProjectOf, shown
from annotation.api.streaming import stream_lines
from annotation.errors import InvalidInput
from annotation.exchange import exports, imports
from annotation.exchange.files import FILES
from annotation.exchange.format import Holds, Scope, Shape
from annotation.exchange.formats import FORMATS
from annotation.exchange.imports import Source
from annotation.exchange.mapping import Columns
from annotation.exchange.round_of_file import Plan
from annotation.happenings import happened
from annotation.models import Project, Round, Split
from annotation.sentences import say
from training.contract.errors import ParseError
from training.contract.parse import parse

COPIED_BYTES = 1024 * 1024
KINDS_IN = [kind.name for kind in FILES.values() if kind.read]
FILE = {
    "application/x-ndjson": OpenApiTypes.BINARY,
    "application/json": OpenApiTypes.BINARY,
    "text/csv": OpenApiTypes.BINARY,
    "application/vnd.apache.parquet": OpenApiTypes.BINARY,
    "application/octet-stream": OpenApiTypes.BINARY,
}


class FileFieldOf(Fields):
    name = serializers.CharField()
    shape = serializers.ChoiceField([shape.value for shape in Shape])


class FormatOf(Fields):
    name = serializers.CharField()
    holds = serializers.ChoiceField([holds.value for holds in Holds])
    is_read = serializers.BooleanField()
    files_out = serializers.ListField(
        child=serializers.CharField(), help_text="Empty where it is not written."
    )
    by_round = serializers.BooleanField(help_text="Whether one round alone can be exported.")
    fields = FileFieldOf(many=True)  # type: ignore[assignment]


class FormatsOf(Fields):
    formats = FormatOf(many=True)
    files_in = serializers.ListField(child=serializers.CharField())


class LookQuery(Fields):
    name = serializers.CharField(required=False, default="", help_text="The file's name.")
    file = serializers.CharField(
        required=False, default="auto", help_text=f"auto, {', '.join(KINDS_IN)}."
    )


class ImportQuery(LookQuery):
    # `format` in a query is taken: the framework negotiates what a view renders by it.
    shape = serializers.CharField(
        required=False, default="auto", help_text="auto, or the name of a format."
    )
    columns = serializers.CharField(
        required=False,
        help_text='Which column says what, as JSON: {"prompt": "question", "responses": ["a", "b"]}'
        '. As "models", "*" stands for the names of the responses\' columns.',
    )
    strict = serializers.BooleanField(
        default=False, help_text="Store nothing when one line cannot be used."
    )
    recipe = serializers.CharField(required=False, help_text="Of the round that is made, as JSON.")
    labels_wanted = serializers.IntegerField(
        min_value=1, max_value=100, default=1, help_text="Per task that brings no label."
    )


class SaidOf(Fields):
    code = serializers.CharField()
    params = serializers.DictField()


class LineErrorOf(Fields):
    line = serializers.IntegerField(help_text="Of Parquet, the number of the row.")
    message = serializers.CharField()
    sentence = SaidOf()


class RoundMadeOf(Fields):
    id = serializers.UUIDField()
    number = serializers.IntegerField()


class ImportOutcome(Fields):
    format = serializers.CharField()
    lines = serializers.IntegerField()
    prompts = serializers.IntegerField()
    responses = serializers.IntegerField()
    tasks = serializers.IntegerField()
    labels = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    bad_lines = serializers.IntegerField(help_text="All of them; `errors` holds the first 1,000.")
    errors = LineErrorOf(many=True)  # type: ignore[assignment]
    round = RoundMadeOf(allow_null=True)


class LookOf(Fields):
    kind = serializers.CharField(help_text="The kind of file.")
    format = serializers.CharField(allow_null=True)
    columns = serializers.ListField(child=serializers.CharField())
    mapping = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="Which columns probably say what.",
    )
    rows = serializers.ListField(child=serializers.DictField())


class ExportQuery(Fields):
    shape = serializers.CharField(default="prompts", help_text="The name of a format.")
    file = serializers.CharField(required=False, help_text="The kind of file; jsonl, or zip.")
    round = serializers.IntegerField(required=False, help_text="The number of one round.")
    split = serializers.ChoiceField(Split.choices, required=False)
    with_weights = serializers.BooleanField(
        default=False, help_text="Of a project: its checkpoints' files, too."
    )


class BundleQuery(Fields):
    team = serializers.UUIDField()
    project = serializers.CharField(
        max_length=100, required=False, default="", help_text="Its new name."
    )


def uploaded(request: Request) -> IO[bytes]:
    """The body as a file that can be sought in, on disk: a body of any size is never held."""
    # Not closed here: it goes with the last who reads it.
    file = tempfile.TemporaryFile()  # noqa: SIM115
    # An empty body reaches no parser.
    if request.stream is not None:
        body = cast(IO[bytes], request.data)
        while block := body.read(COPIED_BYTES):
            file.write(block)
    file.seek(0)
    return file


class FormatsView(View):
    @extend_schema(responses=FormatsOf, operation_id="formats_list")
    def get(self, request: Request) -> Response:
        """Every format there is, and the kinds of file that are read."""
        found = [
            {
                "name": one.name,
                "holds": one.holds.value,
                "is_read": one.read is not None and one.holds in imports.READABLE,
                "files_out": exports.kinds_of(one),
                "by_round": one.by_round,
                "fields": [
                    {"name": name, "shape": shape.value} for name, shape in one.fields.items()
                ],
            }
            for one in FORMATS.values()
        ]
        return Response(FormatsOf({"formats": found, "files_in": KINDS_IN}).data)


class LookView(View):
    parser_classes = [FileParser]

    @extend_schema(
        parameters=[LookQuery], request=FILE, responses=LookOf, operation_id="projects_look"
    )
    def post(self, request: Request, project_id: UUID) -> Response:
        """What a file holds, by its first rows; stores nothing. Its beginning is enough."""
        get_project(request.user, project_id, "prompt.edit")
        query = self.query(request, LookQuery)
        found = imports.look(Source(uploaded(request), query["name"], query["file"]))
        lists = {
            name: columns if isinstance(columns, list) else [columns]
            for name, columns in found.mapping.items()
        }
        value = {
            "kind": found.kind,
            "format": found.format,
            "columns": found.columns,
            "mapping": lists,
            "rows": found.rows,
        }
        return Response(LookOf(value).data)


class ImportView(View):
    parser_classes = [FileParser]

    @extend_schema(
        parameters=[ImportQuery],
        request=FILE,
        responses=ImportOutcome,
        operation_id="projects_import",
    )
    def post(self, request: Request, project_id: UUID) -> Response:
        """Prompts, responses or preferences from a file: JSON lines, JSON, CSV or Parquet.

        Prompts are added. Responses that nobody has judged become a round that is labeling at
        once; preferences become a round with its labels. A line that cannot be used is reported
        with its number; the same file again adds nothing.
        """
        project = get_project(request.user, project_id, "prompt.edit")
        get_project(request.user, project_id, "round.edit")
        query = self.query(request, ImportQuery)
        source = Source(
            uploaded(request),
            query["name"],
            query["file"],
            query["shape"],
            _columns(query),
        )
        plan = Plan(_parsed(query, "recipe"), query["labels_wanted"])
        report = imports.import_file(
            project, source, by=user_of(request), plan=plan, strict=query["strict"]
        )
        return Response(ImportOutcome(report).data)


def _columns(query: Mapping[str, object]) -> Columns | None:
    given = _parsed(query, "columns")
    try:
        return None if given is None else parse(dict[str, str | list[str]], given, "columns")
    except ParseError as error:
        raise InvalidInput(error.said, fields={error.path: [error.sentence]}) from error


def _parsed(query: Mapping[str, object], name: str) -> object:
    """A part of the query that is JSON; None where it is not there."""
    if name not in query:
        return None
    try:
        found: object = json.loads(str(query[name]))
    except (ValueError, RecursionError) as error:
        raise InvalidInput(
            say("query_wants_json", "Expected {name} as JSON: {why}.", name=name, why=str(error))
        ) from error
    return found


class ExportView(View):
    @extend_schema(
        parameters=[ExportQuery],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        operation_id="projects_export",
    )
    def get(self, request: Request, project_id: UUID) -> StreamingHttpResponse:
        """What the project has as a file, made while it is sent. `formats/` lists the shapes."""
        project = get_project(request.user, project_id, "dataset.export")
        query = self.query(request, ExportQuery)
        kinds = exports.kinds_of(FORMATS[query["shape"]]) if query["shape"] in FORMATS else ()
        made = exports.export(
            project,
            format=query["shape"],
            kind=query.get("file") or (kinds[0] if kinds else ""),
            scope=Scope(
                _round(project, query.get("round")), query.get("split"), query["with_weights"]
            ),
        )
        happened("project.exported", project, by=user_of(request), shape=query["shape"])
        response = stream_lines(made.chunks, filename=made.filename)
        response["Content-Type"] = made.media_type
        return response


def _round(project: Project, number: int | None) -> Round | None:
    if number is None:
        return None
    found = Round.objects.filter(project=project, number=number, deleted_at__isnull=True).first()
    if found is None:
        raise InvalidInput(
            say("round_number_unknown", "The project has no round {number}.", number=number)
        )
    return found


class ProjectImportView(View):
    parser_classes = [FileParser]

    @extend_schema(
        parameters=[BundleQuery],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={201: ProjectOf},
        operation_id="projects_import_whole",
    )
    def post(self, request: Request) -> Response:
        """A project exported whole (`shape=project`), here or elsewhere, becomes one of a team."""
        query = self.query(request, BundleQuery)
        team = get_team(request.user, query["team"], "project.edit")
        unpack = FORMATS["project"].unpack
        assert unpack is not None
        made = unpack(uploaded(request), team, query["project"], user_of(request))
        return Response(ProjectOf(shown(request.user).get(pk=made)).data, status=201)
