"""Which rows make up a step, and how far it moves."""

import pytest

from training import optim
from training.contract.errors import SpecError
from training.contract.methods import SftSettings
from training.data import Batches, micro_batches, split_rows

LENGTHS = [5 + (i * 37) % 91 for i in range(1003)]


def settings(**changes: object) -> SftSettings:
    return SftSettings(**{"batch_size": 8, "micro_batch_size": 8, **changes})


def test_every_epoch_takes_every_row_once_in_another_order():
    batches = Batches(LENGTHS, settings(epochs=2.0), seed=3)

    first = [batches.at(step) for step in range(1, batches.per_epoch + 1)]
    second = [batches.at(step) for step in range(batches.per_epoch + 1, batches.total + 1)]

    for epoch in (first, second):
        assert sorted(row for batch in epoch for row in batch) == list(range(len(LENGTHS)))
    assert first != second


def test_a_step_depends_on_seed_and_number_only():
    straight = Batches(LENGTHS, settings(), seed=3)
    for step in range(1, 60):
        straight.at(step)

    assert straight.at(60) == Batches(LENGTHS, settings(), seed=3).at(60)
    assert straight.at(60) != Batches(LENGTHS, settings(), seed=4).at(60)


def test_the_longest_rows_of_a_batch_come_first_so_that_micro_batches_pad_little():
    batches = Batches(LENGTHS, settings(batch_size=64), seed=3)

    wasted = total = 0
    for step in range(1, batches.per_epoch + 1):
        for piece in micro_batches(batches.at(step), 8):
            lengths = [LENGTHS[row] for row in piece]
            assert lengths == sorted(lengths, reverse=True)
            total += len(lengths) * max(lengths)
            wasted += len(lengths) * max(lengths) - sum(lengths)

    assert wasted / total < 0.12


def test_every_batch_is_a_fair_sample_of_the_lengths():
    batches = Batches(LENGTHS, settings(batch_size=64), seed=3)
    mean = sum(LENGTHS) / len(LENGTHS)
    spread = (sum((n - mean) ** 2 for n in LENGTHS) / len(LENGTHS)) ** 0.5

    for step in range(1, batches.per_epoch):
        lengths = [LENGTHS[row] for row in batches.at(step)]

        # Four standard errors of the mean of 64.
        assert abs(sum(lengths) / 64 - mean) < 4 * spread / 8


def test_steps_override_epochs_and_no_rows_are_refused():
    assert Batches(LENGTHS, settings(epochs=0.5), seed=1).total == 63
    assert Batches(LENGTHS, settings(epochs=0.5, steps=7), seed=1).total == 7
    with pytest.raises(SpecError, match="no training rows"):
        Batches([], settings(), seed=1)


def test_micro_batches_cover_the_batch_in_order():
    assert micro_batches([4, 5, 6, 7, 8], 2) == [[4, 5], [6, 7], [8]]


def test_a_row_without_split_is_for_training():
    rows = [{"n": 1}, {"n": 2, "split": "eval"}, {"n": 3, "split": "train"}]

    train, held_out = split_rows(rows)

    assert [row["n"] for row in train] == [1, 3]
    assert [row["n"] for row in held_out] == [2]


@pytest.mark.parametrize(
    ("schedule", "middle", "last"),
    [("constant", 1.0, 1.0), ("linear", 0.55, 0.1), ("cosine", 0.55, 0.1)],
)
def test_step_size_rises_then_falls_to_a_tenth(schedule: str, middle: float, last: float):
    chosen = settings(learning_rate=1.0, warmup_ratio=0.1, schedule=schedule)

    sizes = [optim.learning_rate(step, 110, chosen) for step in range(1, 111)]

    assert sizes[:11] == pytest.approx([i / 11 for i in range(1, 12)])
    assert sizes[10] == 1.0
    assert optim.learning_rate(11 + 50, 111, chosen) == pytest.approx(middle, abs=0.01)
    assert sizes[-1] == pytest.approx(last)
