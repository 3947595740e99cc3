import pytest
from annotation.services.recipes import DEFAULT_IMPORT, Step, parse_recipe

from annotation.errors import InvalidRecipe


def test_fills_in_defaults():
    recipe = parse_recipe({"training": [{"method": "reward"}]})

    assert recipe.generation is not None
    assert recipe.generation.responses_per_prompt == 4
    assert recipe.training == (Step("reward"),)
    assert recipe.next is None


def test_survives_a_trip_through_json():
    recipe = parse_recipe(
        {
            "prompts": {"count": 5, "split": "eval", "tags": ["sums"]},
            "training": [{"method": "dpo", "settings": {"beta": 0.3}}],
            "gates": [{"metric": "eos_rate", "least": 0.8}],
            "next": {"generation": None},
        }
    )

    assert parse_recipe(recipe.to_json()) == recipe
    assert parse_recipe(DEFAULT_IMPORT.to_json()) == DEFAULT_IMPORT


@pytest.mark.parametrize(
    ("value", "where", "says"),
    [
        ([], "recipe", "JSON object"),
        ({"promts": {}}, "recipe.promts", "unknown name"),
        ({"prompts": {"count": "many"}}, "recipe.prompts.count", "expected int"),
        ({"prompts": {"count": 0}}, "recipe.prompts.count", "1 to 1000000"),
        ({"prompts": {"tags": "sums"}}, "recipe.prompts.tags", "a list"),
        ({"learn_from": "all"}, "recipe.learn_from", "project or round"),
        ({"tasks": {"kind": "sort"}}, "recipe.tasks.kind", "compare, rank, mixed"),
        (
            {"generation": {"responses_per_prompt": 10}},
            "recipe.generation.responses_per_prompt",
            "2 to 9",
        ),
        (
            {"generation": {"responses_per_prompt": 2}},
            "recipe.generation.responses_per_prompt",
            "at least 3",
        ),
        ({"training": [{"settings": {}}]}, "recipe.training.0", "method"),
        ({"training": [{"method": "magic"}]}, "recipe.training.0.method", "magic"),
        (
            {"training": [{"method": "dpo", "settings": {"betta": 1}}]},
            "recipe.training.0.settings",
            "did you mean beta?",
        ),
        ({"gates": [{"metric": "eos_rate"}]}, "recipe.gates.0", "least"),
        ({"next": {"prompts": {"split": "test"}}}, "recipe.next.prompts.split", "train, eval"),
    ],
)
def test_refuses_by_name_and_says_what_was_expected(value, where, says):
    with pytest.raises(InvalidRecipe) as caught:
        parse_recipe(value)

    assert list(caught.value.fields) == [where]
    assert says in caught.value.message
