from annotation.exchange.format import Holds
from annotation.management.importing import ImportCommand


class Command(ImportCommand):
    help = (
        "Import human preferences as prompts, responses and labels of a new round, which then "
        "aggregates and trains; or responses that nobody has judged yet, as tasks for labelers. "
        "Formats: hh (HH-RLHF), pandalm, oasst, rows (dataset rows), pairs (prompt, chosen, "
        "rejected), responses (prompt and its responses); JSON lines, JSON, CSV, Parquet, gzip "
        "too. The same file again adds nothing. Exit status 1 when a line could not be used."
    )
    of = (Holds.COMPARISONS, Holds.PAIRS, Holds.RESPONSES)
    brings_a_round = True
