"""From labels to training signals: scalar rewards, pairs with margins and soft labels, KTO rows."""

# T tasks, K responses of a task, V voters

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from annotation.aggregation.consensus import Ranks, count_statements
from annotation.aggregation.errors import InvalidInput, InvalidOrder
from annotation.aggregation.likelihood import probabilities
from annotation.aggregation.votes import FloatArray

DEFAULT_PRIOR = 0.5  # 1 / nats^2: strengths within a task spread by about 1.4 nats


@dataclass(frozen=True)
class TaskLabels:
    """What people said of one task's K responses.

    `rankings`: one per voter, ranks 1 best, equal = tie, None = cannot be ranked.
    `weights`: one per voter (reliability, inverse sampling probability), all 1 where None.
    """

    rankings: Sequence[Ranks]
    weights: Sequence[float] | None = None


@dataclass(frozen=True)
class TaskRewards:
    """Scalar rewards of one task's K responses; NaN where no voter compared the response.

    `nats`: Bradley-Terry strengths within the task, mean zero over its compared responses.
    `z`: nats centred and divided by the standard deviation over all responses of the round.
    """

    nats: FloatArray
    z: FloatArray


@dataclass(frozen=True)
class Pair:
    """Response `chosen` over `rejected`.

    `margin`: difference of rewards in nats, at least 0. `soft_label`: chance that a labeler would
    prefer chosen, from the votes with one vote's worth of doubt; 0.5 < soft_label < 1.
    `weight`: summed weight of the votes on this pair, ties included.
    """

    chosen: int
    rejected: int
    margin: float
    soft_label: float
    weight: float


@dataclass(frozen=True)
class KtoRow:
    """A response that is good or bad by itself, as KTO (Ethayarajh et al. 2024) learns from."""

    response: int
    desirable: bool
    weight: float


def rewards(tasks: Sequence[TaskLabels], *, prior: float = DEFAULT_PRIOR) -> list[TaskRewards]:
    """Rewards of every response of a round, on one scale.

    Each ranking counts as its pairs. With few votes per task plain maximum likelihood is infinite,
    so strengths have a normal prior of precision `prior` (1 / nats^2) around their task's mean.
    """
    if not (np.isfinite(prior) and prior > 0):
        raise InvalidInput(f"expected a finite prior > 0, got {prior}: single labels need one")
    strengths: list[FloatArray] = [np.zeros(0)] * len(tasks)
    by_size: dict[int, list[int]] = {}
    above = [_preferences(task) for task in tasks]
    for number, (strict, _) in enumerate(above):
        by_size.setdefault(len(strict), []).append(number)
    for numbers in by_size.values():
        strict = np.stack([above[n][0] for n in numbers])
        tied = np.stack([above[n][1] for n in numbers])
        fitted = _strengths(strict + tied / 2, prior)
        for n, theta in zip(numbers, fitted, strict=True):
            strengths[n] = theta
    compared = [s[np.isfinite(s)] for s in strengths]
    pooled = np.concatenate([*compared, np.zeros(0)])
    scale = float(np.sqrt((pooled**2).mean())) if pooled.any() else 1.0
    return [TaskRewards(nats=theta, z=theta / scale) for theta in strengths]


def pairs(task: TaskLabels, nats: FloatArray) -> list[Pair]:
    """Every pair of responses that a majority orders, `chosen` being the majority's choice.

    An even pair teaches no direction and is left out. The soft label is (wins + ties / 2 + 1 / 2) /
    (votes + 1). The margin is the rewards' difference, 0 where rewards contradict the majority.
    """
    strict, tied = _preferences(task)
    found = []
    for i in range(len(strict)):
        for j in range(len(strict)):
            if strict[i, j] > strict[j, i]:
                votes = float(strict[i, j] + strict[j, i] + tied[i, j])
                won = float(strict[i, j] + tied[i, j] / 2)
                margin = max(0.0, float(nats[i] - nats[j]))
                found.append(Pair(i, j, margin, (won + 0.5) / (votes + 1), votes))
    return found


def kto_rows(
    n_responses: int, all_bad: Sequence[bool], *, weights: Sequence[float] | None = None
) -> list[KtoRow]:
    """KTO rows of a task whose voters said "all bad" (True) or "all good" (False).

    The majority decides for all responses alike, weighted by its share of the votes; an even
    split says nothing and gives no row.
    """
    if not all_bad:
        return []
    weight = np.ones(len(all_bad)) if weights is None else np.asarray(weights, np.float64)
    if weight.shape != (len(all_bad),) or not (np.isfinite(weight) & (weight >= 0)).all():
        raise InvalidInput(f"expected {len(all_bad)} finite weights >= 0, got {weights}")
    total = float(weight.sum())
    bad = float(weight @ np.asarray(all_bad, np.float64))
    if total == 0 or 2 * bad == total:
        return []
    desirable = 2 * bad < total
    share = (total - bad if desirable else bad) / total
    return [KtoRow(response, desirable, share) for response in range(n_responses)]


def _preferences(task: TaskLabels) -> tuple[FloatArray, FloatArray]:
    """(K, K) weight of "row above column" and of "tied"."""
    lengths = {len(ranks) for ranks in task.rankings}
    if not lengths:
        raise InvalidOrder("expected at least one ranking of every task, got none for one of them")
    if len(lengths) != 1:
        raise InvalidOrder(
            f"expected rankings of one task to have one length, got {sorted(lengths)}"
        )
    ranks = np.array([[np.nan if r is None else r for r in row] for row in task.rankings], float)
    weight = np.ones(len(ranks)) if task.weights is None else np.asarray(task.weights, np.float64)
    if weight.shape != (len(ranks),) or not (np.isfinite(weight) & (weight >= 0)).all():
        raise InvalidInput(f"expected {len(ranks)} finite weights >= 0, got {task.weights}")
    return count_statements(ranks, weight)


def _strengths(wins_TKK: FloatArray, prior: float) -> FloatArray:
    """(T, K) strengths of many small tasks at once, by Newton; NaN for responses never compared."""
    total = wins_TKK + wins_TKK.transpose(0, 2, 1)
    k = wins_TKK.shape[1]
    theta = np.zeros(wins_TKK.shape[:2])
    for _ in range(100):
        d = theta[:, :, None] - theta[:, None, :]
        p = probabilities(d, 0.0)
        gradient = (wins_TKK - total * p.win).sum(axis=2) - prior * theta
        if np.abs(gradient).max(initial=0.0) <= 1e-9 * max(1.0, float(total.max(initial=0.0))):
            break
        flow = total * p.win * p.loss
        information = -flow
        information[:, np.arange(k), np.arange(k)] += flow.sum(axis=2) + prior
        theta = theta + np.linalg.solve(information, gradient[:, :, None])[:, :, 0]
    theta[total.sum(axis=2) == 0] = np.nan
    return theta
