"""Who can be relied on, and what the true label is once that is known.

Without gold, reliability is agreement with what the others make most likely; all three models
trust the majority to be right more often than wrong. `accuracy_on_gold` is the check that does
not.
"""

from annotation.aggregation.reliability.competence import Mace, mace
from annotation.aggregation.reliability.confusion import DawidSkene, dawid_skene
from annotation.aggregation.reliability.crowd import CrowdBradleyTerry, crowd_bradley_terry
from annotation.aggregation.reliability.gold import GoldAccuracy, accuracy_on_gold, vote_weights
from annotation.aggregation.reliability.labels import InvalidLabels

__all__ = [
    "CrowdBradleyTerry",
    "DawidSkene",
    "GoldAccuracy",
    "InvalidLabels",
    "Mace",
    "accuracy_on_gold",
    "crowd_bradley_terry",
    "dawid_skene",
    "mace",
    "vote_weights",
]
