"""Plackett-Luce strengths from whole rankings, with ties and partial orders.

The Davidson-Luce model of Turner, van Etten, Firth and Kosmidis (2020): with two items it is
Davidson's model of pairs, without ties Plackett-Luce. See `davidson_luce`.
"""

# R rankings, m items, k rated items

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from annotation.aggregation.davidson_luce import Choices
from annotation.aggregation.errors import InvalidInput, InvalidOrder, NoVotes
from annotation.aggregation.graph import connectivity
from annotation.aggregation.one_sided import OneSided
from annotation.aggregation.rankings import Groups, Order, check_order
from annotation.aggregation.ratings import Ratings, report
from annotation.aggregation.uncertainty import Clusters, effective_number, uncertainty
from annotation.aggregation.votes import BoolArray, FloatArray, IntArray


def fit(
    orders: Sequence[Order],
    *,
    n_items: int,
    weights: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    prior: float = 0.0,
) -> Ratings:
    """Ratings from rankings; each lists items best first, a tuple inside it = tied, missing items
    = not ranked (compared with nothing, not "worst").

    weights: (R,) importance of each ranking. groups: (R,) the annotator of each; errors are
    clustered by annotator, or else by ranking, and never below those of independent choices.
    prior: precision of a normal prior on strengths, 1 / nats^2.
    Which items have a finite rating follows from "is somewhere ranked not below" as for pairs.
    `tie_parameters` holds delta by size of tie; rankings of a single item say nothing.
    Raises InvalidOrder, NoVotes, AllTies, NotConverged.
    """
    if not (np.isfinite(prior) and prior >= 0):
        raise InvalidInput(f"expected a finite prior >= 0, got {prior}")
    checked = [check_order(order, n_items=n_items, place=k) for k, order in enumerate(orders)]
    weight = _weights(weights, len(checked))
    group = _group_codes(groups, len(checked))
    useful = [k for k, g in enumerate(checked) if sum(map(len, g)) > 1 and weight[k] > 0]
    if not useful:
        raise NoVotes("expected a ranking of two items or more, got none: collect rankings")
    checked, weight = [checked[k] for k in useful], weight[useful]
    group = None if group is None else group[useful]
    winner, loser = _dominance(checked)
    won, lost, tied, n_votes = _record(checked, weight, n_items)
    links = connectivity(winner, loser, n_items, votes_per_item=n_votes)
    items = links.rated if prior == 0 else np.ones(n_items, bool)
    optimum, doubt = None, None
    tie_parameters: dict[int, float] = {}
    if items.any():
        choices = Choices.of(_restricted(checked, items), weight, int(items.sum()))
        optimum = choices.maximum(prior)
        tie_parameters = {
            size: float(np.exp(optimum.parameters[choices.n_items + k]))
            for k, size in enumerate(choices.tie_sizes)
        }
        scores, ranking = choices.scores(optimum.parameters)
        doubt = uncertainty(
            optimum,
            np.asarray((scores.T @ scores).toarray()),
            _clusters(scores, ranking, group),
            mean_weight=float(weight.mean()),
        )
    found = report(
        links=links,
        items=items,
        record=(won, lost, tied),
        n_votes=n_votes,
        optimum=optimum,
        doubt=doubt,
        tie_parameters=tie_parameters,
        n_covariates=0,
    )
    return replace(found, one_sided=_one_sided(checked, found, group))


def _weights(weights: ArrayLike | None, n: int) -> FloatArray:
    if weights is None:
        return np.ones(n)
    weight = np.asarray(weights, dtype=np.float64)
    if weight.shape != (n,) or not (np.isfinite(weight) & (weight >= 0)).all():
        raise InvalidOrder(f"expected {n} finite weights >= 0, one per ranking, got {weight}")
    return weight


def _group_codes(groups: ArrayLike | None, n: int) -> IntArray | None:
    if groups is None:
        return None
    names = np.asarray(groups)
    if names.shape != (n,):
        raise InvalidOrder(f"expected {n} groups, one per ranking, got shape {names.shape}")
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def _restricted(rankings: Sequence[Groups], items: BoolArray) -> Sequence[Groups]:
    """The rankings among `items` (m,), renumbered: exact, since items beyond them are infinitely
    better or worse and take no part in the choices among these."""
    number = (np.cumsum(items) - 1).tolist()
    inside = items.tolist()
    kept = ((tuple(number[i] for i in tie if inside[i]) for tie in groups) for groups in rankings)
    return [tuple(tie for tie in groups if tie) for groups in kept]


def _dominance(rankings: Sequence[Groups]) -> tuple[IntArray, IntArray]:
    """Edges winner -> loser between neighbouring groups, both ways inside a tie."""
    edges: set[tuple[int, int]] = set()
    for groups in rankings:
        for tie in groups:
            edges.update((i, j) for i in tie for j in tie if i != j)
        for better, worse in pairwise(groups):
            edges.update((i, j) for i in better for j in worse)
    winner, loser = np.array(sorted(edges), dtype=np.int64).T
    return winner, loser


def _record(
    rankings: Sequence[Groups], weight: FloatArray, n_items: int
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """(m,) weight of rankings with someone below, someone above, someone beside, and of all."""
    won, lost, tied, ranked = ([0.0] * n_items for _ in range(4))
    for groups, w in zip(rankings, weight.tolist(), strict=True):
        last = len(groups) - 1
        for at, tie in enumerate(groups):
            for item in tie:
                ranked[item] += w
                won[item] += w if at < last else 0.0
                lost[item] += w if at > 0 else 0.0
                tied[item] += w if len(tie) > 1 else 0.0
    return np.array(won), np.array(lost), np.array(tied), np.array(ranked)


def _clusters(scores: csr_array, ranking: IntArray, group: IntArray | None) -> Clusters | None:
    """Scores summed by annotator, or else by ranking."""
    names, code = np.unique(ranking if group is None else group[ranking], return_inverse=True)
    shape = (len(names), len(code))
    if group is None and len(names) < 2:
        return None
    member = csr_array((np.ones(len(code)), (code, np.arange(len(code)))), shape)
    together = member @ scores
    judged_by = None
    effective = effective_number(np.bincount(code).astype(np.float64))
    if group is not None:
        touched = scores.copy()
        touched.data[:] = 1.0
        judged_by = np.asarray(((member @ touched) > 0).sum(axis=0), np.float64)
    return Clusters(np.asarray((together.T @ together).toarray()), len(names), judged_by, effective)


def _one_sided(
    rankings: Sequence[Groups], found: Ratings, group: IntArray | None
) -> dict[int, OneSided]:
    """Each ranking as one vote against its hardest rated opponent: coming first is no likelier
    than beating the strongest, coming last no likelier than losing to the weakest."""
    records = {}
    for item in np.flatnonzero(np.isinf(found.elo)):
        sign = 1 if found.elo[item] > 0 else -1
        votes, annotators = np.zeros(found.n_items), set()
        for place, groups in enumerate(rankings):
            present = [i for tie in groups for i in tie]
            rated = [i for i in present if found.rated[i]]
            if item in present and rated:
                votes[max(rated, key=lambda i: sign * found.elo[i])] += 1
                annotators.add(place if group is None else int(group[place]))
        if votes.any():
            votes *= len(annotators) / votes.sum()
        records[int(item)] = OneSided(sign, votes)
    return records
