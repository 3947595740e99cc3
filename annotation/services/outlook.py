"""Looking ahead: is the newest checkpoint better yet, and what would more labels bring?"""

from collections import defaultdict
from typing import TypedDict
from uuid import UUID

import numpy as np

from annotation.aggregation.errors import InvalidInput
from annotation.aggregation.forecast import fit_power_law
from annotation.aggregation.stopping import confidence_sequence, votes_still_needed
from annotation.models import Checkpoint, Dataset, Project
from annotation.sentences import SentenceJson, say
from annotation.services.checkpoints import held_out_accuracy

Z_95 = 1.96


class Duel(TypedDict):
    newest: str
    base: str
    win_rate: float
    low: float
    high: float
    tasks: int
    decided: bool
    more: float | None


class AccuracyAt(TypedDict):
    labels: int
    accuracy: float
    low: float
    high: float
    pairs: int


class Gain(TypedDict):
    more: int
    value: float
    low: float
    high: float


class Forecast(TypedDict):
    points: list[AccuracyAt]
    gain: Gain | None
    reason: SentenceJson | None


Vote = tuple[UUID, UUID, float, UUID]


def duel(newest: UUID, base: UUID, votes: list[Vote]) -> Duel | None:
    """The newest checkpoint against the base, in bounds that hold however often one looks.

    votes: (first, second, score, task) in order of arrival; one score per task, the mean of its
    votes, so that several labelers of one task are one observation. None until two tasks have
    compared the two. `more` are tasks still needed, null where no number can be said.
    """
    scores: dict[UUID, list[float]] = defaultdict(list)
    for first, second, score, task in votes:
        if {first, second} == {newest, base}:
            scores[task].append(score if first == newest else 1 - score)
    values = np.array([np.mean(some) for some in scores.values()])
    if len(values) < 2:
        return None
    sequence = confidence_sequence(values)
    low, high = float(sequence.low[-1]), float(sequence.high[-1])
    more = votes_still_needed(values).value
    return {
        "newest": str(newest),
        "base": str(base),
        "win_rate": float(values.mean()),
        "low": low if np.isfinite(low) else 0.0,
        "high": high if np.isfinite(high) else 1.0,
        "tasks": len(values),
        "decided": sequence.decided_at is not None,
        "more": more if np.isfinite(more) else None,
    }


def forecast(project: Project) -> Forecast:
    """Held-out accuracy of the project's reward models by labels, and where the curve goes.

    `gain` is in points of accuracy for as many labels again as the last model had; null, with the
    `reason`, where three different sizes are not there yet or the curve cannot be fitted.
    """
    models = Checkpoint.objects.filter(project=project, kind=Checkpoint.Kind.REWARD)
    measured = []
    for model in models.select_related("dataset", "job").order_by("created_at"):
        accuracy = held_out_accuracy(model)
        if accuracy is not None and model.dataset is not None and np.isfinite(accuracy.low):
            measured.append((_labels(model.dataset), accuracy))
    points: list[AccuracyAt] = [
        {
            "labels": labels,
            "accuracy": one.value,
            "low": one.low,
            "high": one.high,
            "pairs": one.n,
        }
        for labels, one in measured
    ]
    found: Forecast = {"points": points, "gain": None, "reason": None}
    try:
        curve = fit_power_law(
            [labels for labels, _ in measured],
            [one.value for _, one in measured],
            metric="accuracy",
            error=[max((one.high - one.low) / 2 / Z_95, 1e-6) for _, one in measured],
        )
        now = max(labels for labels, _ in measured)
        gain = curve.gain(now, now)
        found["gain"] = {"more": now, "value": gain.value, "low": gain.low, "high": gain.high}
    except InvalidInput as error:
        found["reason"] = say("no_forecast", "{reason}", reason=str(error)).to_json()
    return found


def _labels(dataset: Dataset) -> int:
    return int(dataset.provenance.get("labels") or dataset.votes)
