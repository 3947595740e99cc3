from annotation.exchange.format import Holds
from annotation.management.importing import ImportCommand


class Command(ImportCommand):
    help = (
        "Import prompts, with responses where there are some, from JSON lines, CSV or Parquet "
        '(gzip too): {"prompt": text} or {"messages": [{"role", "content"}]}, and "responses": '
        '[text or {"text", "model"}], "tags", "language", "source" as wanted. The same file again '
        "adds nothing. Exit status 1 when a line could not be used."
    )
    of = (Holds.PROMPTS,)
