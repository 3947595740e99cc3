"""Bradley-Terry strengths by maximum likelihood, with honest errors."""

# n votes, m items, k rated items, q covariates

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from annotation.aggregation.errors import AllTies, InvalidInput, NotConverged
from annotation.aggregation.graph import Connectivity, connectivity
from annotation.aggregation.likelihood import (
    Cells,
    Penalty,
    Point,
    equal_strengths,
    most_likely,
    unpack,
)
from annotation.aggregation.newton import Optimum
from annotation.aggregation.one_sided import one_sided_records
from annotation.aggregation.pairs import PairCounts, count_pairs, groups_per_item, summed
from annotation.aggregation.ratings import ELO_PER_NAT, MEAN_ELO, Ratings, report
from annotation.aggregation.sandwich import group_scores, vote_scores
from annotation.aggregation.uncertainty import Clusters, Uncertainty, effective_number, uncertainty
from annotation.aggregation.votes import BoolArray, FloatArray, Votes, check_votes

Ties = Literal["half", "davidson"]
SEPARATED = 100.0  # nats: no vote can tell an effect from infinity beyond this error


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

    def cells(self) -> Cells:
        """One cell per pair."""
        p = self.pairs
        none = np.zeros((len(p.first), 0))
        return Cells(p.first, p.second, p.wins, p.losses, p.ties, none, p.n_items)

    def cells_per_vote(self, votes: Votes, covariates: FloatArray) -> Cells:
        """One cell per vote, since covariates tell votes of a pair apart."""
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
    links = links_of(pairs)
    items = links.rated if penalty.strengths == 0 else np.ones(pairs.n_items, bool)
    davidson = ties == "davidson"
    optimum, doubt, nu = None, None, 0.0
    if items.any():
        pool = Pool(pairs if items.all() else pairs.restricted_to(items), items)
        inside = votes if items.all() else votes.restricted_to(items)
        within = covariates if items.all() else covariates[votes.between(items)]
        cells = pool.cells_per_vote(inside, within) if within.shape[1] else pool.cells()
        if davidson and not cells.has_decided:
            raise AllTies(
                f"expected a decided vote among the {cells.n_items} items that can be rated, got "
                f'{cells.ties.sum():g} ties and nothing else: use ties="half", which rates them '
                "equal"
            )
        start = equal_strengths(cells, davidson=davidson)
        optimum = most_likely(cells, start, penalty)
        point = unpack(optimum.parameters, cells.n_items, davidson=start.log_tie is not None)
        nu = point.nu
        doubt = _uncertainty(inside, within, cells, pool.pairs, optimum, point)
        _check_effects(within, doubt)
    found = report(
        links=links,
        items=items,
        record=pairs.record(),
        n_votes=pairs.votes_per_item(),
        optimum=optimum,
        doubt=doubt,
        tie_parameters={2: nu} if davidson else {},
        n_covariates=covariates.shape[1],
    )
    return replace(found, one_sided=one_sided_records(votes, pairs, found.elo))


def _uncertainty(
    votes: Votes,
    covariates: FloatArray,
    cells: Cells,
    pairs: PairCounts,
    optimum: Optimum,
    point: Point,
) -> Uncertainty:
    if covariates.shape[1]:
        squares = (cells.wins**2, cells.losses**2, cells.ties**2)
    else:
        squares = pairs.squares or (cells.wins, cells.losses, cells.ties)
    clusters = None
    if votes.group is not None:
        scores = group_scores(votes, covariates, point)
        weight = np.ones(len(votes)) if votes.weight is None else votes.weight
        effective = effective_number(summed(votes.group, weight, votes.n_groups))
        clusters = Clusters(scores, votes.n_groups, groups_per_item(votes), effective)
    mean_weight = 1.0 if votes.weight is None else float(votes.weight.mean())
    scores = vote_scores(cells, point, squares)
    return uncertainty(optimum, scores, clusters, mean_weight=mean_weight)


def _check_effects(covariates: FloatArray, doubt: Uncertainty) -> None:
    """An effect that may be anything up to hundreds of nats was not found but ran away.

    The votes' information shows it; their residuals vanish together with it and do not.
    """
    q = covariates.shape[1]
    for k in range(q):
        error = np.sqrt(doubt.independent[k - q]) * np.abs(covariates[:, k]).max()
        if error > SEPARATED:
            raise NotConverged(
                f"covariate {k} separates the votes, so its effect has no finite estimate "
                f"(error {error:.0f} nats): give a ridge or drop it"
            )


@dataclass(frozen=True)
class PointEstimate:
    """Ratings without errors, and where a similar fit may start."""

    elo: FloatArray
    start: Point | None


def point_estimate(
    pairs: PairCounts, *, davidson: bool, prior: Penalty, start: Point | None = None
) -> PointEstimate:
    """(m,) Elo from pair counts alone, by the rules of `fit`; a good `start` saves steps.

    Where davidson is asked for and no vote is decided, ties count half.
    """
    links = links_of(pairs)
    items = links.rated if prior.strengths == 0 else np.ones(pairs.n_items, bool)
    elo = np.full(pairs.n_items, np.nan)
    elo[links.above], elo[links.below] = np.inf, -np.inf
    if not items.any():
        return PointEstimate(elo, None)
    cells = Pool(pairs if items.all() else pairs.restricted_to(items), items).cells()
    own = equal_strengths(cells, davidson=davidson and cells.has_decided)
    if start is not None and len(start.packed) == len(own.packed):
        own = start
    optimum = most_likely(cells, own, prior)
    elo[items] = MEAN_ELO + ELO_PER_NAT * optimum.strengths
    davidson = own.log_tie is not None
    return PointEstimate(elo, unpack(optimum.parameters, cells.n_items, davidson=davidson))


def links_of(pairs: PairCounts) -> Connectivity:
    forward = pairs.wins + pairs.ties > 0
    backward = pairs.losses + pairs.ties > 0
    return connectivity(
        np.concatenate([pairs.first[forward], pairs.second[backward]]),
        np.concatenate([pairs.second[forward], pairs.first[backward]]),
        pairs.n_items,
        votes_per_item=pairs.votes_per_item(),
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
