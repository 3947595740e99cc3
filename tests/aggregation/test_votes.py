import numpy as np
import pytest

from annotation.aggregation import bradley_terry, elo
from annotation.aggregation.errors import InvalidInput, InvalidVote, NoVotes
from annotation.aggregation.pairs import _count_sorted, count_pairs
from annotation.aggregation.votes import check_votes
from tests.aggregation.random_votes import draw

VALID = {"first": [0, 1], "second": [1, 2], "score": [1.0, 0.5], "n_items": 3}


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        ({"second": [1, 1]}, InvalidVote, "vote 1 compares item 1 with itself"),
        ({"score": [1.0, np.nan]}, InvalidVote, "got nan in vote 1"),
        ({"score": [0.7, 1.0]}, InvalidVote, "expected a score of 0, 0.5 or 1, got 0.7 in vote 0"),
        ({"score": [1.0, 2.0]}, InvalidVote, "got 2.0 in vote 1"),
        ({"score": [1.0, 1e300]}, InvalidVote, "got 1e+300 in vote 1"),
        ({"score": [1.0, -np.inf]}, InvalidVote, "got -inf in vote 1"),
        ({"second": [1, 3]}, InvalidVote, "expected items 0..2 in `second`, got 3 in vote 1"),
        ({"first": [-1, 1]}, InvalidVote, "got -1 in vote 0"),
        ({"first": [0.5, 1.0]}, InvalidVote, "expected whole item numbers in `first`"),
        ({"first": [[0, 1]]}, InvalidVote, "one row of item numbers"),
        ({"score": [1.0]}, InvalidVote, "one length, got 2, 2 and 1"),
        ({"first": [], "second": [], "score": []}, NoVotes, "got none"),
        ({"weights": [1.0]}, InvalidVote, "expected 2 weights"),
        ({"weights": [1.0, -1.0]}, InvalidVote, "got -1.0 in vote 1"),
        ({"weights": [1.0, np.nan]}, InvalidVote, "got nan in vote 1"),
        ({"weights": [0.0, 0.0]}, NoVotes, "only zeros"),
        ({"groups": ["ann"]}, InvalidVote, "expected 2 groups"),
        ({"groups": [1.0, np.nan]}, InvalidVote, "got NaN in vote 1"),
        ({"ties": "quarter"}, InvalidInput, "expected ties"),
        ({"prior": -1.0}, InvalidInput, "expected a finite prior >= 0"),
        ({"ridge": np.nan}, InvalidInput, "expected a finite ridge >= 0"),
        ({"covariates": [[1.0]]}, InvalidInput, r"expected covariates of shape (2, q)"),
        ({"covariates": [[1.0], [np.inf]]}, InvalidInput, "in vote 1"),
    ],
)
def test_names_what_is_wrong_with_the_votes(change, error, sentence):
    with pytest.raises(error) as refusal:
        bradley_terry.fit(**{**VALID, **change})

    assert sentence in str(refusal.value)
    assert isinstance(refusal.value, ValueError)


def test_online_elo_refuses_the_same_votes():
    with pytest.raises(InvalidVote):
        elo.replay([0], [0], [1], n_items=1)
    with pytest.raises(InvalidVote):
        elo.replay([0], [1], [0.7], n_items=2)
    with pytest.raises(NoVotes):
        elo.replay([], [], [], n_items=2)


def test_counts_pairs_as_counting_by_hand_does():
    votes = check_votes([0, 1, 1, 2, 0], [1, 0, 0, 0, 1], [1, 1, 0.5, 1, 1], n_items=3)

    pairs = count_pairs(votes)

    assert list(zip(pairs.first, pairs.second, strict=True)) == [(0, 1), (0, 2)]
    assert pairs.wins.tolist() == [2, 0]
    assert pairs.losses.tolist() == [1, 1]
    assert pairs.ties.tolist() == [1, 0]
    assert pairs.votes_per_item().tolist() == [5, 4, 1]


def test_counts_the_same_with_and_without_sorting():
    drawn = draw(3, ties=0.2)
    weights = np.random.default_rng(0).random(len(drawn.first))
    votes = check_votes(
        drawn.first, drawn.second, drawn.score, n_items=drawn.n_items, weights=weights
    )

    dense = count_pairs(votes)
    cells, counts, squares = _count_sorted(votes)

    np.testing.assert_array_equal(cells, dense.first * votes.n_items + dense.second)
    np.testing.assert_allclose(counts.T, [dense.losses, dense.ties, dense.wins])
    np.testing.assert_allclose(squares[:, [2, 0, 1]].T, dense.squares)


def test_accepts_names_as_groups():
    by_name = bradley_terry.fit(
        [0, 1, 0, 1], [1, 0, 1, 0], [1, 1, 0, 1], n_items=2, groups=["ann", "bob", "bob", "cid"]
    )
    by_number = bradley_terry.fit(
        [0, 1, 0, 1], [1, 0, 1, 0], [1, 1, 0, 1], n_items=2, groups=[7, 0, 0, 9_000_000]
    )

    np.testing.assert_array_equal(by_name.se_elo, by_number.se_elo)
