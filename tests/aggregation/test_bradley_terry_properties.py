"""What must hold for any votes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.aggregation import bradley_terry


@st.composite
def linked_votes(draw):
    """first, second, score, groups on 3 to 5 items, every item rated: a ring won both ways."""
    m = draw(st.integers(3, 5))
    ring = [(i, (i + 1) % m, s) for i in range(m) for s in (1.0, 0.0)]
    pair = st.tuples(st.integers(0, m - 1), st.integers(1, m - 1), st.sampled_from([0.0, 0.5, 1.0]))
    extra = [(i, (i + by) % m, s) for i, by, s in draw(st.lists(pair, max_size=30))]
    first, second, score = map(np.array, zip(*ring, *extra, strict=True))
    groups = np.array(draw(st.lists(st.integers(0, 4), min_size=len(first), max_size=len(first))))
    return m, first, second, score, groups


ties = st.sampled_from(["half", "davidson"])


@settings(max_examples=40, deadline=None)
@given(linked_votes(), ties, st.randoms(use_true_random=False))
def test_renaming_items_renames_results(votes, ties, random):
    m, first, second, score, groups = votes
    name = np.array(random.sample(range(m), m))

    before = bradley_terry.fit(first, second, score, n_items=m, groups=groups, ties=ties)
    after = bradley_terry.fit(name[first], name[second], score, n_items=m, groups=groups, ties=ties)

    np.testing.assert_allclose(after.elo[name], before.elo, atol=1e-5)
    np.testing.assert_allclose(after.se_elo[name], before.se_elo, rtol=1e-5)


@settings(max_examples=40, deadline=None)
@given(linked_votes(), ties)
def test_swapping_sides_changes_nothing(votes, ties):
    m, first, second, score, _ = votes

    before = bradley_terry.fit(first, second, score, n_items=m, ties=ties)
    after = bradley_terry.fit(second, first, 1 - score, n_items=m, ties=ties)

    np.testing.assert_allclose(after.elo, before.elo, atol=1e-5)
    np.testing.assert_allclose(after.se_elo, before.se_elo, rtol=1e-5)


@settings(max_examples=40, deadline=None)
@given(linked_votes(), ties)
def test_reversing_every_answer_negates_strengths(votes, ties):
    m, first, second, score, _ = votes

    before = bradley_terry.fit(first, second, score, n_items=m, ties=ties)
    after = bradley_terry.fit(first, second, 1 - score, n_items=m, ties=ties)

    np.testing.assert_allclose(after.nats, -before.nats, atol=1e-7)


@settings(max_examples=40, deadline=None)
@given(linked_votes(), st.randoms(use_true_random=False))
def test_the_order_of_votes_does_not_matter(votes, random):
    m, first, second, score, groups = votes
    order = np.array(random.sample(range(len(first)), len(first)))

    before = bradley_terry.fit(first, second, score, n_items=m, groups=groups)
    after = bradley_terry.fit(
        first[order], second[order], score[order], n_items=m, groups=groups[order]
    )

    np.testing.assert_allclose(after.elo, before.elo, atol=1e-6)
    np.testing.assert_allclose(after.se_elo, before.se_elo, rtol=1e-6)


@settings(max_examples=40, deadline=None)
@given(linked_votes(), ties)
def test_doubling_weights_is_duplicating_votes(votes, ties):
    m, first, second, score, groups = votes
    twice = [np.tile(values, 2) for values in (first, second, score)]

    doubled = bradley_terry.fit(
        first, second, score, n_items=m, groups=groups, ties=ties, weights=np.full(len(first), 2)
    )
    duplicated = bradley_terry.fit(*twice, n_items=m, groups=np.tile(groups, 2), ties=ties)

    np.testing.assert_allclose(doubled.elo, duplicated.elo, atol=1e-5)
    np.testing.assert_array_equal(doubled.n_votes, duplicated.n_votes)


@settings(max_examples=40, deadline=None)
@given(linked_votes(), ties)
def test_intervals_shrink_with_the_root_of_the_votes(votes, ties):
    m, first, second, score, _ = votes

    once = bradley_terry.fit(first, second, score, n_items=m, ties=ties)
    nine = bradley_terry.fit(
        *(np.tile(values, 9) for values in (first, second, score)), n_items=m, ties=ties
    )

    np.testing.assert_allclose(nine.elo, once.elo, atol=1e-5)
    np.testing.assert_allclose(nine.se_elo, once.se_elo / 3, rtol=1e-5)


@settings(max_examples=40, deadline=None)
@given(linked_votes(), ties)
def test_the_scale_is_elo(votes, ties):
    m, first, second, score, _ = votes

    ratings = bradley_terry.fit(first, second, score, n_items=m, ties=ties)

    assert abs(ratings.elo.mean() - 1000) < 1e-8
    win = ratings.win_probability()
    np.testing.assert_allclose(win + win.T, 1)
    if ties == "half":
        expected = 1 / (1 + 10 ** ((ratings.elo[1] - ratings.elo[0]) / 400))
        np.testing.assert_allclose(win[0, 1], expected)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(1, 4), st.sampled_from([0.0, 0.5, 1.0])),
        min_size=1,
        max_size=12,
    )
)
def test_no_interval_has_zero_width_and_no_number_is_invented(rows):
    """However few the votes: an interval holds its rating, and is wide."""
    first = [i for i, _, _ in rows]
    second = [(i + by) % 5 for i, by, _ in rows]

    ratings = bradley_terry.fit(first, second, [s for _, _, s in rows], n_items=5)

    low, high = ratings.interval()
    assert not np.isnan(low).any()
    assert not np.isnan(high).any()
    assert (high - low > 1).all()
    rated = np.isfinite(ratings.elo)
    assert ((low < ratings.elo) & (ratings.elo < high))[rated].all()
    assert np.isinf(ratings.se_elo[~rated]).all()
    np.testing.assert_array_equal(ratings.components == -1, ratings.n_votes == 0)
