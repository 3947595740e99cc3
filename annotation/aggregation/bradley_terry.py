"""Bradley-Terry strengths by maximum likelihood, with honest errors."""

# n votes, m items, k rated items, q covariates

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from annotation.aggregation.errors import AllTies, InvalidInput
from annotation.aggregation.graph import Connectivity, connectivity
from annotation.aggregation.likelihood import Cells, Fit, Penalty, Point, maximise
from annotation.aggregation.ratings import ELO_PER_NAT, MEAN_ELO, OneSided, Ratings
from annotation.aggregation.sandwich import group_scores, sandwich, vote_scores
from annotation.aggregation.votes import (
    BoolArray,
    FloatArray,
    PairCounts,
    Votes,
    check_votes,
    count_pairs,
    summed,
)

Ties = Literal["half", "davidson"]


def fit(
    first: ArrayLike,
    second: ArrayLike,
    score: ArrayLike,
    *,
    n_items: int,
    weights: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    ties: Ties = "half",
    prior: float = 0.0,
    covariates: ArrayLike | None = None,
    ridge: float = 0.0,
) -> Ratings:
    """Ratings from votes (Bradley and Terry 1952; ties after Davidson 1970).

    first, second: (n,) item numbers 0..n_items-1. score: (n,) 1 first won, 0.5 tie, 0 first lost.
    weights: (n,) importance of each vote, e.g. inverse sampling probability: doubling all of them
        changes nothing. groups: (n,) the annotator of each vote; errors are then clustered by
        annotator and never below the errors per vote.
    ties: "half" a win for each, or "davidson" with a tie parameter.
    prior: precision, in 1 / nats^2, of a normal prior on every strength around their mean; 0 is
        plain maximum likelihood, under which only items linked by wins both ways have a rating.
    covariates: (n, q) properties of the vote that favour the first item when positive (style
        differences, a column of ones for the advantage of being shown first); `ridge` is the
        precision of a normal prior on their effects.

    Dense in the number of items: meant for up to a few thousand.
    Raises InvalidVote, NoVotes, AllTies (davidson without a decided vote), NotConverged.
    """
    if ties not in ("half", "davidson"):
        raise InvalidInput(f'expected ties "half" or "davidson", got {ties!r}')
    for name, value in (("prior", prior), ("ridge", ridge)):
        if not (np.isfinite(value) and value >= 0):
            raise InvalidInput(f"expected a finite {name} >= 0, got {value}")
    votes = check_votes(first, second, score, n_items=n_items, weights=weights, groups=groups)
    return fit_votes(
        votes,
        count_pairs(votes),
        _covariates(covariates, len(votes)),
        ties=ties,
        penalty=Penalty(prior, ridge),
    )


@dataclass(frozen=True)
class Pool:
    """The votes among the items that get a rating, renumbered 0..k-1."""

    pairs: PairCounts
    items: BoolArray  # (m,)

    def cells(self, votes: Votes, covariates: FloatArray) -> Cells:
        """Pairs, or single votes where covariates tell them apart."""
        if covariates.shape[1] == 0:
            p = self.pairs
            none = np.zeros((len(p.first), 0))
            return Cells(p.first, p.second, p.wins, p.losses, p.ties, none, p.n_items)
        weight = np.ones(len(votes)) if votes.weight is None else votes.weight
        return Cells(
            votes.first,
            votes.second,
            weight * (votes.outcome == 2),
            weight * (votes.outcome == 0),
            weight * (votes.outcome == 1),
            covariates,
            votes.n_items,
        )


def fit_votes(
    votes: Votes, pairs: PairCounts, covariates: FloatArray, *, ties: Ties, penalty: Penalty
) -> Ratings:
    """`fit` for votes that were checked and counted already."""
    links = _links(pairs)
    items = links.rated if penalty.strengths == 0 else np.ones(pairs.n_items, bool)
    pool = Pool(pairs if items.all() else pairs.restricted_to(items), items)
    davidson = ties == "davidson"
    decided, tied = float((pairs.wins + pairs.losses).sum()), float(pairs.ties.sum())
    if davidson and decided == 0:
        raise AllTies(
            f"expected a decided vote to estimate ties, got {tied:g} ties and nothing else: "
            'use ties="half", which rates all items equal'
        )
    if not items.any():
        return _report(pairs, links, items, None, None, np.inf, davidson, votes, covariates)
    inside = votes if items.all() else _restricted(votes, items)
    within = covariates if items.all() else covariates[_kept(votes, items)]
    cells = pool.cells(inside, within)
    fitted = maximise(cells, start_of(cells, davidson=davidson), penalty)
    covariance, freedom = _covariance(inside, within, cells, pool.pairs, fitted, penalty)
    return _report(pairs, links, items, fitted, covariance, freedom, davidson, votes, covariates)


def start_of(cells: Cells, *, davidson: bool) -> Point:
    """All strengths equal; the tie parameter at its estimate for equal strengths."""
    tied = float(cells.ties.sum())
    log_tie = None
    if davidson and tied > 0:
        log_tie = float(np.log(2 * tied / float((cells.wins + cells.losses).sum())))
    return Point(np.zeros(cells.n_items), log_tie, np.zeros(cells.covariates.shape[1]))


def _links(pairs: PairCounts) -> Connectivity:
    forward = pairs.wins + pairs.ties > 0
    backward = pairs.losses + pairs.ties > 0
    return connectivity(
        np.concatenate([pairs.first[forward], pairs.second[backward]]),
        np.concatenate([pairs.second[forward], pairs.first[backward]]),
        pairs.n_items,
        votes_per_item=pairs.votes_per_item(),
    )


def _covariance(
    votes: Votes,
    covariates: FloatArray,
    cells: Cells,
    pairs: PairCounts,
    fitted: Fit,
    penalty: Penalty,
) -> tuple[FloatArray, float]:
    """(P, P) covariance in nats^2 and the degrees of freedom of intervals."""
    if covariates.shape[1]:
        squares = (cells.wins**2, cells.losses**2, cells.ties**2)
    else:
        squares = pairs.squares or (cells.wins, cells.losses, cells.ties)
    per_vote = sandwich(fitted, penalty, vote_scores(cells, fitted.point, squares))
    if votes.group is None:
        return per_vote, np.inf
    if votes.n_groups < 2:
        unknown = np.full_like(per_vote, np.nan)
        np.fill_diagonal(unknown, np.inf)
        return unknown, 1.0
    factor = votes.n_groups / (votes.n_groups - 1)
    clustered = sandwich(fitted, penalty, factor * group_scores(votes, covariates, fitted.point))
    shortfall = np.maximum(np.diag(per_vote) - np.diag(clustered), 0.0)
    clustered += np.diag(shortfall)
    if penalty.strengths == 0:
        lone = np.flatnonzero(_annotators_per_item(votes) < 2)
        clustered[lone, lone] = np.inf
    return clustered, votes.n_groups - 1.0


def _annotators_per_item(votes: Votes) -> FloatArray:
    assert votes.group is not None
    m = votes.n_items
    if votes.n_groups * m <= 1 << 27:
        seen = np.zeros(votes.n_groups * m, bool)
        seen[votes.group * m + votes.first] = True
        seen[votes.group * m + votes.second] = True
        return np.asarray(seen.reshape(votes.n_groups, m).sum(axis=0), np.float64)
    both = np.concatenate([votes.group * m + votes.first, votes.group * m + votes.second])
    return np.bincount(np.unique(both) % m, minlength=m).astype(np.float64)


def _report(
    pairs: PairCounts,
    links: Connectivity,
    items: BoolArray,
    fitted: Fit | None,
    covariance: FloatArray | None,
    freedom: float,
    davidson: bool,
    votes: Votes,
    covariates: FloatArray,
) -> Ratings:
    m, k, q = pairs.n_items, int(items.sum()), covariates.shape[1]
    elo = np.full(m, np.nan)
    elo[links.above], elo[links.below] = np.inf, -np.inf
    full = np.full((m, m), np.nan)
    effects, effect_errors = np.full(q, np.nan), np.full(q, np.inf)
    nu = 0.0 if davidson else None
    if fitted is not None and covariance is not None:
        theta = fitted.point.theta - fitted.point.theta.mean()
        elo[items] = MEAN_ELO + ELO_PER_NAT * theta
        full[np.ix_(items, items)] = ELO_PER_NAT**2 * covariance[:k, :k]
        tail = len(covariance) - q
        effects = fitted.point.beta
        effect_errors = np.sqrt(np.diag(covariance)[tail:])
        nu = fitted.point.nu if davidson else None
    se = np.where(np.isfinite(elo), np.sqrt(np.diag(full)), np.inf)
    won, lost, tied = _record(pairs)
    return Ratings(
        elo=elo,
        se_elo=se,
        covariance=full,
        degrees_of_freedom=freedom,
        tie_parameter=nu,
        components=links.components,
        undefeated=(won > 0) & (lost + tied == 0),
        unbeaten=(lost == 0) & (tied > 0),
        winless=(lost > 0) & (won + tied == 0),
        n_votes=pairs.votes_per_item(),
        covariate_effects=effects,
        covariate_errors=effect_errors,
        log_likelihood=0.0 if fitted is None else fitted.log_likelihood,
        gradient_norm=0.0 if fitted is None else fitted.gradient_norm,
        one_sided=_one_sided(pairs, links, elo, votes),
    )


def _record(pairs: PairCounts) -> tuple[FloatArray, FloatArray, FloatArray]:
    def per_item(of_first: FloatArray, of_second: FloatArray) -> FloatArray:
        m = pairs.n_items
        return summed(pairs.first, of_first, m) + summed(pairs.second, of_second, m)

    return (
        per_item(pairs.wins, pairs.losses),
        per_item(pairs.losses, pairs.wins),
        per_item(pairs.ties, pairs.ties),
    )


def _one_sided(
    pairs: PairCounts, links: Connectivity, elo: FloatArray, votes: Votes
) -> dict[int, OneSided]:
    """Records of the items of infinite rating against the rated ones, for one-sided bounds."""
    records = {}
    rated = np.isfinite(elo)
    for item in np.flatnonzero(np.isinf(elo)):
        against = np.zeros(pairs.n_items)
        total = pairs.total
        np.add.at(against, pairs.second[pairs.first == item], total[pairs.first == item])
        np.add.at(against, pairs.first[pairs.second == item], total[pairs.second == item])
        against[~rated] = 0.0
        if votes.group is not None and against.any():
            mine = (votes.first == item) | (votes.second == item)
            annotators = len(np.unique(votes.group[mine]))
            against *= min(1.0, annotators / against.sum())
        records[int(item)] = OneSided(1 if elo[item] > 0 else -1, against)
    return records


def _kept(votes: Votes, items: BoolArray) -> BoolArray:
    return np.asarray(items[votes.first] & items[votes.second])


def _restricted(votes: Votes, items: BoolArray) -> Votes:
    kept = _kept(votes, items)
    number = np.cumsum(items) - 1
    group, n_groups = None, 0
    if votes.group is not None:
        names, group = np.unique(votes.group[kept], return_inverse=True)
        n_groups = len(names)
    return Votes(
        first=number[votes.first[kept]],
        second=number[votes.second[kept]],
        outcome=votes.outcome[kept],
        weight=None if votes.weight is None else votes.weight[kept],
        group=group,
        n_items=int(items.sum()),
        n_groups=n_groups,
    )


def _covariates(values: ArrayLike | None, n: int) -> FloatArray:
    if values is None:
        return np.zeros((n, 0))
    x = np.asarray(values, dtype=np.float64)
    if x.ndim == 1:
        x = x[:, None]
    if x.shape[0] != n or x.ndim != 2:
        raise InvalidInput(f"expected covariates of shape ({n}, q), got {x.shape}")
    if not np.isfinite(x).all():
        row = int((~np.isfinite(x)).any(axis=1).argmax())
        raise InvalidInput(f"expected finite covariates, got {x[row]} in vote {row}")
    return x
