"""The kinds of step. A new one is a file here and a row in this table."""

from annotation.rounds.step import Step
from annotation.rounds.steps.accept import Accept
from annotation.rounds.steps.aggregate import Aggregate
from annotation.rounds.steps.evaluate import Evaluate
from annotation.rounds.steps.gate import Gates
from annotation.rounds.steps.generate import Generate
from annotation.rounds.steps.label import Label
from annotation.rounds.steps.train import Train

STEPS: dict[str, type[Step]] = {
    "generate": Generate,
    "label": Label,
    "aggregate": Aggregate,
    "train": Train,
    "evaluate": Evaluate,
    "gate": Gates,
    "accept": Accept,
}
