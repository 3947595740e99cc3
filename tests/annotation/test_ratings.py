import uuid

import numpy as np
import pytest

from annotation.aggregation import bradley_terry
from annotation.models import Checkpoint, Label, Prompt, Response, Round, Task, User
from annotation.models.prompt import content_hash, split_of
from annotation.services import consensus, outlook, ratings, tasks
from annotation.services.votes import votes_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(db):
    return [
        User.objects.create_user(f"{name}@example.com", None, name=name)
        for name in ("dora", "emil", "fay")
    ]


@pytest.fixture
def models(project):
    return [
        Checkpoint.objects.create(project=project, name=name, kind="external")
        for name in ("small", "middle", "large")
    ]


def make_round(project, models, n, labels_wanted=1):
    """A round of n tasks, each over one response of every model, in canonical order."""
    made = Round.objects.create(project=project, number=project.rounds.count() + 1, state="done")
    groups = [write(made, models, i) for i in range(n)]
    tasks.create_tasks(made, groups=groups, kind="rank", labels_wanted=labels_wanted)
    return made


def write(made, models, i):
    """The i-th prompt of a round with one response per model."""
    messages = [{"role": "user", "content": f"{made.number}/{i}?"}]
    digest = content_hash(messages)
    prompt = Prompt.objects.create(
        project=made.project, messages=messages, content_hash=digest, split=split_of(digest)
    )
    responses = [
        Response.objects.create(
            prompt=prompt, round=made, text=f"{one.name} {i}", source="import", checkpoint=one
        )
        for one in models
    ]
    return prompt, responses


def say(task, labeler, ranking, **more):
    return Label.objects.create(
        task=task,
        labeler=labeler,
        round=task.round,
        project=task.project,
        submission_id=uuid.uuid4(),
        ranking=ranking,
        **more,
    )


def test_the_ladder_is_the_bradley_terry_fit_of_the_pairs(project, models, people):
    made = make_round(project, models, 12)
    rng = np.random.default_rng(5)
    first, second, score = [], [], []
    for task in Task.objects.filter(round=made):
        ranking = [int(r) for r in rng.integers(1, 4, 3)]
        ranking = [sorted(set(ranking)).index(r) + 1 for r in ranking]
        say(task, people[0], ranking)
        for i, j in ((0, 1), (0, 2), (1, 2)):
            first.append(i)
            second.append(j)
            score.append(0.5 + 0.5 * (np.sign(ranking[j] - ranking[i])))
    expected = bradley_terry.fit(first, second, score, n_items=3)

    ladder = ratings.describe(ratings.ladder(made))

    by_name = {entry["checkpoint"]["name"]: entry for entry in ladder["entries"]}
    for i, model in enumerate(models):
        assert by_name[model.name]["elo"] == pytest.approx(expected.elo[i], abs=1e-6)
        assert by_name[model.name]["low"] < expected.elo[i] < by_name[model.name]["high"]
    assert ladder["votes"] == 36
    assert "clustered by prompt" in ladder["method"]["text"]
    assert ladder["method"]["code"] == "ladder_by_prompt"


def test_new_labels_reach_the_live_ladder_without_reading_the_old_ones(
    project, models, people, django_assert_max_num_queries
):
    made = make_round(project, models, 6)
    first, *others = Task.objects.filter(round=made)
    say(first, people[0], [3, 2, 1])
    assert len(votes_of(made)) == 3

    for task in others:
        say(task, people[0], [3, 2, 1])

    with django_assert_max_num_queries(4):
        assert len(votes_of(made)) == 18
    with django_assert_max_num_queries(2):
        votes_of(made)


def test_an_amendment_replaces_what_was_said(project, models, people):
    made = make_round(project, models, 1)
    task = Task.objects.get(round=made)
    said = say(task, people[0], [1, 2, 3])
    assert votes_of(made).score == [1, 1, 1]

    say(task, people[0], [3, 2, 1], supersedes=said)

    assert votes_of(made).score == [0, 0, 0]


def test_rounds_link_through_a_model_that_writes_in_both(project, models, people):
    small, middle, large = models
    for pair in ([small, middle], [middle, large]):
        made = make_round(project, pair, 0)
        tasks.create_tasks(
            made, groups=[write(made, pair, i) for i in range(8)], kind="compare", labels_wanted=1
        )
        for i, task in enumerate(Task.objects.filter(round=made)):
            say(task, people[0], [2, 1] if i else [1, 2])

    last = ratings.describe(ratings.ladder(Round.objects.get(number=2)))

    assert [entry["checkpoint"]["name"] for entry in last["entries"]] == [
        "large", "middle", "small"
    ]  # fmt: skip
    assert all(entry["estimable"] for entry in last["entries"])


def test_votes_of_another_open_round_are_not_counted_yet(project, models, people):
    other = make_round(project, models, 3)
    for task in Task.objects.filter(round=other):
        say(task, people[0], [3, 2, 1])
    made = make_round(project, models, 2)
    for task in Task.objects.filter(round=made):
        say(task, people[0], [1, 2, 3])
    Round.objects.filter(pk=other.pk).update(state="open")

    assert ratings.ladder(made).votes == 6

    Round.objects.filter(pk=other.pk).update(state="done")
    assert ratings.ladder(made).votes == 15


def test_an_undefeated_model_has_no_invented_number(project, models, people):
    made = make_round(project, models, 5)
    for task in Task.objects.filter(round=made):
        say(task, people[0], [3, 2, 1])

    ladder = ratings.describe(ratings.ladder(made))

    assert not any(entry["estimable"] for entry in ladder["entries"])
    assert all(entry["elo"] is None for entry in ladder["entries"])


def test_closing_a_round_stores_what_it_showed(project, models, people):
    made = make_round(project, models, 9)
    for i, task in enumerate(Task.objects.filter(round=made)):
        say(task, people[0], [[3, 2, 1], [1, 2, 3], [2, 3, 1]][i % 3])

    ratings.close(made)

    shown = ratings.describe(ratings.ladder(made))
    made.refresh_from_db()
    assert ratings.current(made)["final"] is True
    assert made.ladder["entries"] == shown["entries"]
    assert len(made.ladder["entries"]) == 3


def test_a_careless_labeler_counts_less_in_the_consensus(project, models, people):
    dora, emil, fay = people
    made = make_round(project, models, 60, labels_wanted=3)
    rng = np.random.default_rng(7)
    for task in Task.objects.filter(round=made):
        truth = [int(r) for r in rng.permutation([1, 2, 3])]
        say(task, dora, truth)
        say(task, emil, truth)
        say(task, fay, [int(r) for r in rng.permutation([1, 2, 3])])

    consensus.write_consensus(made)

    weights = Task.objects.filter(round=made).first().consensus["labelers"]
    assert weights[str(dora.pk)] > 0.8
    assert weights[str(fay.pk)] < 0.4


def test_pair_weights_are_the_net_share_of_the_votes():
    weights = consensus.pair_weights([[1, 2, None], [2, 1, 1], [1, 2, 3]], [1, 1, 1], 3)

    # 0 against 1: two for, one against. 0 against 2: one each. 1 against 2: a tie, one for.
    assert weights == [[0, 1, 0.333], [1, 2, 0.5]]


def test_a_duel_says_when_the_newest_beats_the_base_however_often_one_looks():
    won = [("new", "base", 1.0, i) for i in range(40)]

    early, late = outlook.duel("new", "base", won[:4]), outlook.duel("new", "base", won)

    assert early["decided"] is False
    assert early["low"] < 0.5 < early["high"]
    assert early["more"] > 0
    assert late["decided"] is True
    assert late["low"] > 0.5
    assert (late["win_rate"], late["tasks"]) == (1.0, 40)


def test_two_labelers_of_one_task_are_one_observation_of_a_duel():
    votes = [("new", "base", 1.0, 1), ("base", "new", 1.0, 1), ("base", "new", 0.5, 2)]

    assert outlook.duel("new", "base", votes)["tasks"] == 2
    assert outlook.duel("new", "base", votes)["win_rate"] == 0.5
    assert outlook.duel("new", "base", votes[:2]) is None


def test_no_forecast_is_made_from_two_sizes(project):
    found = outlook.forecast(project)

    assert found["gain"] is None
    assert "3" in found["reason"]["text"] or "three" in found["reason"]["text"]
