import copy

import pytest

from annotation.errors import InvalidRecipe
from annotation.rounds.recipe import DEFAULT, DEFAULT_IMPORT, amended, parse_recipe
from annotation.rounds.steps.generate import Generate
from tests.annotation.cycle import recipe

GENERATE = {"name": "responses", "kind": "generate"}
LABEL = {"name": "labels", "kind": "label", "reads": {"responses": "responses"}}
AGGREGATE = {"name": "preferences", "kind": "aggregate", "reads": {"labels": "labels"}}
DPO = {"name": "policy", "kind": "train", "method": "dpo", "reads": {"data": "preferences"}}
REWARD = {**DPO, "name": "reward", "method": "reward"}
EVALUATE = {"name": "evaluation", "kind": "evaluate", "reads": {"checkpoint": "policy"}}
BOUND = {"gate": "kl", "most": 5}
GATES = {
    "name": "gates",
    "kind": "gate",
    "reads": {"checkpoint": "policy", "evaluation": "evaluation"},
    "bounds": [BOUND],
}
ACCEPT = {"name": "accept", "kind": "accept", "reads": {"checkpoints": ["policy"]}}
LEARNED = [GENERATE, LABEL, AGGREGATE]


def test_fills_in_defaults():
    parsed = parse_recipe({"steps": [GENERATE]})

    assert parsed.steps == (Generate(name="responses"),)
    assert parsed.to_json()["steps"][0]["reads"] == {"writers": ["newest", "previous", "base"]}


@pytest.mark.parametrize(
    "whole", [DEFAULT, DEFAULT_IMPORT, parse_recipe(recipe(bounds=[BOUND]))], ids=str
)
def test_survives_a_trip_through_json(whole):
    assert parse_recipe(whole.to_json()) == whole


def test_the_default_recipe_closes_the_loop():
    kinds = [step.kind for step in DEFAULT.steps]

    assert kinds == [
        "generate", "label", "aggregate", "train", "train", "evaluate", "gate", "accept"
    ]  # fmt: skip
    assert set(DEFAULT.step("accept").reads.names()) == {"policy", "reward", "gates"}


@pytest.mark.parametrize(
    ("value", "where", "says"),
    [
        ([], "recipe", "JSON object"),
        ({}, "recipe.steps", "needed and missing"),
        ({"steps": [], "next": {}}, "recipe.next", "Unknown name"),
        ({"steps": []}, "recipe.steps", "at least 1, got 0"),
        ({"steps": [GENERATE] * 41}, "recipe.steps", "at most 40, got 41"),
        ({"steps": ["generate"]}, "recipe.steps.0", "JSON object"),
        ({"steps": [{"name": "x", "kind": "sleep"}]}, "recipe.steps.0.kind", "generate, label"),
        ({"steps": [{"kind": "generate"}]}, "recipe.steps.0.name", "needed and missing"),
        ({"steps": [{**GENERATE, "name": "newest"}]}, "recipe.steps.0.name", "and not newest"),
        ({"steps": [{**GENERATE, "name": "a:b"}]}, "recipe.steps.0.name", "a-z"),
        ({"steps": [{**GENERATE, "promts": {}}]}, "recipe.steps.0.promts", "did you mean prompts?"),
        (
            {"steps": [{**GENERATE, "prompts": {"count": "10"}}]},
            "recipe.steps.0.prompts.count",
            'Expected a whole number, got "10".',
        ),
        (
            {"steps": [{**GENERATE, "prompts": {"count": True}}]},
            "recipe.steps.0.prompts.count",
            "Expected a whole number, got true.",
        ),
        (
            {"steps": [{**GENERATE, "prompts": {"count": 0}}]},
            "recipe.steps.0.prompts.count",
            "at least 1, got 0",
        ),
        (
            {"steps": [{**GENERATE, "prompts": {"split": "test"}}]},
            "recipe.steps.0.prompts.split",
            "train, eval",
        ),
        (
            {"steps": [{**GENERATE, "prompts": {"tags": "sums"}}]},
            "recipe.steps.0.prompts.tags",
            "a list",
        ),
        (
            {"steps": [{**GENERATE, "responses_per_prompt": 10}]},
            "recipe.steps.0.responses_per_prompt",
            "at most 9, got 10",
        ),
        ({"steps": [{**GENERATE, "temperature": -1}]}, "recipe.steps.0.temperature", "at least 0"),
        (
            {"steps": [{**GENERATE, "reads": {"writers": []}}]},
            "recipe.steps.0.reads.writers",
            "a list of at least 1, got 0",
        ),
        (
            {"steps": [{**GENERATE, "reads": {"writers": ["best"]}}]},
            "recipe.steps.0.reads.writers",
            "newest, previous, base or a checkpoint id, got best",
        ),
        (
            {"steps": [GENERATE, GENERATE]},
            "recipe.steps.1.name",
            "An earlier step",
        ),
        (
            {"steps": [GENERATE, {**GENERATE, "name": "b"}]},
            "recipe.steps.1.kind",
            "one step of",
        ),
        ({"steps": [LABEL]}, "recipe.steps.0.reads.responses", "an earlier step of kind generate"),
        (
            {"steps": [{**GENERATE, "responses_per_prompt": 2}, LABEL]},
            "recipe.steps.1.task_kind",
            "at least 3 responses",
        ),
        (
            {"steps": [GENERATE, {**LABEL, "task_kind": "sort"}]},
            "recipe.steps.1.task_kind",
            "compare, rank, mixed",
        ),
        (
            {"steps": [*LEARNED, {**DPO, "method": "magic"}]},
            "recipe.steps.3.method",
            "dpo",
        ),
        (
            {"steps": [*LEARNED, {**DPO, "settings": {"betta": 1}}]},
            "recipe.steps.3.settings.betta",
            "did you mean beta?",
        ),
        (
            {"steps": [*LEARNED, {**DPO, "settings": {"beta": "0.1"}}]},
            "recipe.steps.3.settings.beta",
            'Expected a number, got "0.1".',
        ),
        (
            {"steps": [*LEARNED, {**DPO, "settings": {"beta": 0}}]},
            "recipe.steps.3.settings.beta",
            "Must be above 0",
        ),
        (
            {"steps": [*LEARNED, {**DPO, "settings": {"beta": [0.1]}}]},
            "recipe.steps.3.settings.beta",
            "got [0.1]",
        ),
        (
            {"steps": [*LEARNED, {**DPO, "method": "ppo"}]},
            "recipe.steps.3.reads.reward",
            "Only ppo",
        ),
        (
            {"steps": [*LEARNED, {**DPO, "reads": {"data": "preferences", "model": None}}]},
            "recipe.steps.3.reads.model",
            "Pretraining starts from nothing",
        ),
        (
            {
                "steps": [
                    *LEARNED,
                    DPO,
                    {**EVALUATE, "reads": {"checkpoint": "policy", "reward": "policy"}},
                ]
            },
            "recipe.steps.4.reads.reward",
            "newest or a checkpoint id, got policy",
        ),
        (
            {"steps": [*LEARNED, DPO, EVALUATE, {**GATES, "bounds": [{"gate": "kl"}]}]},
            "recipe.steps.5.bounds.0",
            "got neither",
        ),
        (
            {
                "steps": [
                    *LEARNED,
                    DPO,
                    EVALUATE,
                    {**GATES, "bounds": [{"gate": "kl", "most": "5"}]},
                ]
            },
            "recipe.steps.5.bounds.0.most",
            'Expected a number, got "5".',
        ),
        (
            {
                "steps": [
                    *LEARNED,
                    DPO,
                    EVALUATE,
                    {**GATES, "bounds": [{"gate": "kl", "most": float("nan")}]},
                ]
            },
            "recipe.steps.5.bounds.0.most",
            "got NaN",
        ),
        (
            {"steps": [*LEARNED, DPO, EVALUATE, {**GATES, "bounds": [BOUND, BOUND]}]},
            "recipe.steps.5.bounds.1",
            "kl.most is asked twice",
        ),
        (
            {"steps": [*LEARNED, DPO, EVALUATE, {**GATES, "bounds": [{"gate": "luck"}]}]},
            "recipe.steps.5.bounds.0.gate",
            "reward_accuracy",
        ),
        (
            {"steps": [*LEARNED, DPO, EVALUATE, GATES, ACCEPT]},
            "recipe.steps.6.reads.after",
            "gates judges what is accepted here",
        ),
    ],
)
def test_refuses_by_name_and_says_what_was_expected(value, where, says):
    with pytest.raises(InvalidRecipe) as caught:
        parse_recipe(value)

    assert list(caught.value.fields) == [where]
    assert says in caught.value.message
    assert caught.value.sentence is not None


def test_an_amendment_lies_over_the_recipe_and_leaves_it_as_it_was():
    written = parse_recipe(recipe()).to_json()
    before = copy.deepcopy(written)

    laid_over = amended(
        written,
        [
            {"step": "policy", "change": {"settings": {"beta": 0.3}}},
            {"step": "policy", "change": {"settings": {"epochs": 2.0}}},
            {"step": "responses", "change": {"prompts": {"count": 30}}},
        ],
    )

    assert laid_over.step("policy").settings == {"beta": 0.3, "epochs": 2.0}
    assert laid_over.step("responses").prompts.count == 30
    assert laid_over.step("responses").prompts.split == "both"
    assert written == before


@pytest.mark.parametrize(
    ("amendment", "says"),
    [
        ({"step": "sleep", "change": {}}, "Expected one of responses"),
        ({"step": "policy", "change": {"settings": {"betta": 1}}}, "did you mean beta"),
        ({"step": "policy", "change": {"kind": "generate"}}, "cannot change"),
        ({"step": "labels", "change": {"labels_wanted": "3"}}, 'Expected a whole number, got "3"'),
    ],
)
def test_an_amendment_is_held_to_the_same_rules(amendment, says):
    with pytest.raises(InvalidRecipe, match=says):
        amended(parse_recipe(recipe()).to_json(), [amendment])
