import numpy as np
import pytest

from annotation.aggregation import bradley_terry
from annotation.aggregation.errors import InvalidInput
from annotation.aggregation.ranks import (
    distinguishable,
    p_values,
    rank_intervals,
    votes_to_settle,
)
from annotation.aggregation.standings import open_pairs, standings
from tests.aggregation.random_votes import draw


def two_models(won: int, lost: int):
    n = won + lost
    return bradley_terry.fit([0] * n, [1] * n, [1] * won + [0] * lost, n_items=2)


def test_p_value_of_two_models_is_the_wald_test_of_a_logit():
    ratings = two_models(60, 40)

    z = np.log(60 / 40) / np.sqrt(1 / 60 + 1 / 40)
    assert p_values(ratings)[0, 1] == pytest.approx(0.04699, abs=5e-6)
    gap, error = ratings.difference(0, 1)
    assert gap / error == pytest.approx(z)


def test_correction_by_holm_is_that_of_statsmodels():
    from statsmodels.stats.multitest import multipletests

    votes = draw(0, n=1200, m=8)
    ratings = bradley_terry.fit(votes.first, votes.second, votes.score, n_items=8)
    upper = np.triu_indices(8, 1)

    theirs = multipletests(p_values(ratings)[upper], alpha=0.05, method="holm")[0]

    assert 0 < theirs.sum() < len(theirs)
    np.testing.assert_array_equal(distinguishable(ratings, 0.95)[upper], theirs)


def test_equal_models_are_rarely_told_apart():
    """All 28 statements together are wrong in at most 5 % of tables (here: binomial noise)."""
    wrong = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        first = rng.integers(0, 8, 800)
        second = (first + rng.integers(1, 8, 800)) % 8
        ratings = bradley_terry.fit(first, second, rng.integers(0, 2, 800), n_items=8)
        wrong += bool(distinguishable(ratings, 0.95).any())

    assert wrong <= 18  # 97.5 % quantile of 200 at 5 % is 16


def test_ranks_are_sets_where_votes_are_few():
    votes = draw(1, n=20_000, m=4)
    first = np.concatenate([votes.first, [4, 4, 0, 1]])
    second = np.concatenate([votes.second, [0, 1, 4, 4]])
    score = np.concatenate([votes.score, [1, 0, 1, 0]])

    ranks = rank_intervals(bradley_terry.fit(first, second, score, n_items=5))

    assert ranks.best.tolist() == [4, 3, 2, 1, 1]
    assert ranks.worst.tolist() == [5, 4, 3, 2, 5]


def test_an_undefeated_item_is_settled_by_its_record():
    votes = draw(2, n=5000, m=3)
    few = [*votes.first, 3], [*votes.second, 0], [*votes.score, 1]
    many = [*votes.first, *[3] * 60], [*votes.second, *[0, 1, 2] * 20], [*votes.score, *[1] * 60]

    unsure = bradley_terry.fit(*few, n_items=4)
    sure = bradley_terry.fit(*many, n_items=4)

    assert not distinguishable(unsure)[3].any()
    assert distinguishable(sure)[3, :3].all()
    assert rank_intervals(sure).worst[3] == 1


def test_undefeated_and_winless_items_are_told_apart_through_the_pool():
    votes = draw(3, n=3000, m=3)
    first = [*votes.first, *[3] * 60, *[4] * 60]
    second = [*votes.second, *[0, 1, 2] * 40]
    score = [*votes.score, *[1] * 60, *[0] * 60]

    ratings = bradley_terry.fit(first, second, score, n_items=5)

    assert distinguishable(ratings)[3, 4]
    assert np.isnan(votes_to_settle(ratings, 3, 4))


def test_unlinked_items_may_have_any_rank():
    ratings = bradley_terry.fit([0, 1, 0, 1], [1, 0, 1, 0], [1, 1, 0, 1], n_items=4)

    ranks = rank_intervals(ratings)

    assert (ranks.best[2:] == 1).all()
    assert (ranks.worst[2:] == 4).all()


def test_the_votes_it_asks_for_settle_a_pair_as_often_as_promised():
    ratings = two_models(55, 45)
    more = votes_to_settle(ratings, 0, 1, level=0.95, power=0.8)

    # 55 % against 45 %: (1.96 + 0.84)^2 / (ln(55/45)^2 * 0.2475) votes in all
    assert more == pytest.approx(7.849 / (np.log(55 / 45) ** 2 * 0.2475) - 100, abs=2)
    rng = np.random.default_rng(0)
    settled = 0
    for won in rng.binomial(int(more) + 100, 0.55, 1000):
        again = two_models(int(won), int(more) + 100 - int(won))
        settled += bool(distinguishable(again, 0.95)[0, 1])
    assert 0.75 < settled / 1000 < 0.85


def test_votes_to_settle_of_settled_equal_and_unlinked_pairs():
    assert votes_to_settle(two_models(90, 10), 0, 1) == 0
    assert votes_to_settle(two_models(50, 50), 0, 1) == np.inf
    assert np.isnan(votes_to_settle(two_models(5, 0), 0, 1))


def test_correlated_votes_need_more_of_them():
    votes = draw(4, n=600, taste=1.5, annotators=20)
    asked = (votes.first, votes.second, votes.score)

    alone = bradley_terry.fit(*asked, n_items=6)
    crowd = bradley_terry.fit(*asked, n_items=6, groups=votes.annotator)

    assert crowd.design_effect > 2 * alone.design_effect
    assert 0 < votes_to_settle(alone, 2, 3) < votes_to_settle(crowd, 2, 3)


@pytest.mark.parametrize("level", [0, 1, 95, float("nan")])
def test_refuses_a_level_that_is_no_probability(level):
    with pytest.raises(InvalidInput, match="expected a level"):
        distinguishable(two_models(3, 2), level)


def test_standings_say_why_a_rating_is_missing():
    votes = draw(5, m=3)
    first = [*votes.first, 3, 4, 5]
    second = [*votes.second, 0, 0, 6]
    score = [*votes.score, 1, 0, 0.5]

    ratings = bradley_terry.fit(first, second, score, n_items=8)
    notes = {row.name: row.note for row in standings("abcdefgh", ratings)}

    assert notes["a"] == ""
    assert "no upper bound" in notes["d"]
    assert "no lower bound" in notes["e"]
    assert "cannot be compared" in notes["f"]
    assert notes["h"] == "no votes"
    assert standings("abcdefgh", ratings)[0].name == "d"


def test_open_pairs_are_those_not_distinguishable_and_name_the_leader_first():
    votes = draw(6, n=300, m=5)
    ratings = bradley_terry.fit(votes.first, votes.second, votes.score, n_items=5)

    pairs = open_pairs("abcde", ratings)

    assert len(pairs) == int((~distinguishable(ratings)).sum() - 5) // 2
    assert all(pair.gap >= 0 and pair.votes_needed > 0 for pair in pairs)
    needed = [pair.votes_needed for pair in pairs]
    assert needed == sorted(needed)
