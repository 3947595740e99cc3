"""What a round is to do: the recipe, checked before a round may start.

A recipe is plain JSON on the round. Here it becomes frozen dataclasses; every name that is not
known is refused by name, and training settings are checked by the same table that the job uses.
"""

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from annotation.errors import InvalidRecipe
from annotation.kinds import MOST_RESPONSES
from training.contract.spec import METHODS, SpecError, validate_settings

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Part = TypeVar("Part", bound="DataclassInstance")

TASK_KINDS = ("compare", "rank", "mixed")
SPLITS = ("train", "eval", "both")
TRAINING_METHODS = ("pretrain", "sft", "reward", "dpo", "ppo", "rrhf")
WRITERS = ("newest", "previous", "base")
GATE_METRICS = ("eos_rate", "reward_gain", "kl", "reward_accuracy")


@dataclass(frozen=True)
class PromptChoice:
    """Which prompts of the project the round asks about. Unused ones come first."""

    count: int = 100
    split: str = "both"
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Generation:
    """Who writes the responses and how.

    `checkpoints` are "newest", "previous", "base" or checkpoint ids; names that mean the same
    checkpoint count once. The K responses of a prompt are dealt out to them in turn, the newest
    first.
    """

    checkpoints: tuple[str, ...] = ("newest", "previous", "base")
    responses_per_prompt: int = 4
    temperature: float = 1.0
    top_p: float = 1.0
    max_new_tokens: int = 64


@dataclass(frozen=True)
class Tasks:
    """What labelers are asked. `mixed` makes every `compare_every`-th prompt a comparison.

    Of the possible pairs of writers a comparison asks the one that should teach most, except for
    a share `random_floor` of even draws; 1 draws all of them evenly.
    """

    kind: str = "rank"
    labels_wanted: int = 1
    compare_every: int = 3
    random_floor: float = 0.2


@dataclass(frozen=True)
class Step:
    """One training job. `method` is one of TRAINING_METHODS."""

    method: str
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Gate:
    """A bound that a new checkpoint must keep, or the round asks a person."""

    metric: str
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True)
class Recipe:
    """A whole round. `learn_from` is "project" (labels of all rounds so far) or "round"."""

    prompts: PromptChoice = PromptChoice()
    generation: Generation | None = Generation()
    tasks: Tasks = Tasks()
    learn_from: str = "project"
    training: tuple[Step, ...] = ()
    gates: tuple[Gate, ...] = ()
    # The recipe of the round that starts by itself when this one is done.
    next: "Recipe | None" = None

    def to_json(self) -> dict[str, Any]:
        value = dataclasses.asdict(self)
        for name in ("training", "gates"):
            value[name] = list(value[name])
        value["next"] = self.next.to_json() if self.next else None
        return value


# A round that was imported with its labels: a small base model learns to write from the training
# split, then the labels teach it.
DEFAULT_IMPORT = Recipe(
    generation=None,
    tasks=Tasks(),
    learn_from="round",
    training=(Step("pretrain"), Step("reward"), Step("dpo")),
)


def parse_recipe(value: Any) -> Recipe:
    """The recipe in `value`, or InvalidRecipe naming the field, what was expected and what came."""
    return _recipe(value, "recipe")


def _recipe(value: Any, where: str) -> Recipe:
    if not isinstance(value, dict):
        raise _refuse(where, f"expected a JSON object, got {value!r}")
    parts = dict(value)
    following = parts.pop("next", None)
    steps = _list(parts.pop("training", []), f"{where}.training")
    gates = _list(parts.pop("gates", []), f"{where}.gates")
    generation = parts.pop("generation", {})
    recipe = Recipe(
        prompts=_prompts(parts.pop("prompts", {}), f"{where}.prompts"),
        generation=None if generation is None else _generation(generation, f"{where}.generation"),
        tasks=_tasks(parts.pop("tasks", {}), f"{where}.tasks"),
        learn_from=parts.pop("learn_from", "project"),
        training=tuple(_step(step, f"{where}.training.{i}") for i, step in enumerate(steps)),
        gates=tuple(_gate(gate, f"{where}.gates.{i}") for i, gate in enumerate(gates)),
        next=None if following is None else _recipe(following, f"{where}.next"),
    )
    if parts:
        names = ", ".join(part.name for part in dataclasses.fields(Recipe))
        raise _refuse(f"{where}.{sorted(parts)[0]}", f"unknown name; a recipe has {names}")
    if recipe.learn_from not in ("project", "round"):
        raise _refuse(f"{where}.learn_from", f"expected project or round, got {recipe.learn_from}")
    kind, generation_ = recipe.tasks.kind, recipe.generation
    if generation_ and kind == "rank" and generation_.responses_per_prompt < 3:
        raise _refuse(
            f"{where}.generation.responses_per_prompt",
            "a ranking needs at least 3 responses; ask for 3 or more, or for comparisons",
        )
    return recipe


def _prompts(value: Any, where: str) -> PromptChoice:
    choice = _build(PromptChoice, value, where)
    _within(choice.count, 1, 1_000_000, f"{where}.count")
    _among(choice.split, SPLITS, f"{where}.split")
    return dataclasses.replace(choice, tags=tuple(choice.tags))


def _generation(value: Any, where: str) -> Generation:
    generation = _build(Generation, value, where)
    _within(generation.responses_per_prompt, 2, MOST_RESPONSES, f"{where}.responses_per_prompt")
    if not generation.checkpoints:
        raise _refuse(f"{where}.checkpoints", "expected at least one checkpoint, got none")
    _settings(
        "generate",
        {
            "temperature": generation.temperature,
            "top_p": generation.top_p,
            "max_new_tokens": generation.max_new_tokens,
        },
        where,
    )
    return dataclasses.replace(generation, checkpoints=tuple(map(str, generation.checkpoints)))


def _tasks(value: Any, where: str) -> Tasks:
    tasks = _build(Tasks, value, where)
    _among(tasks.kind, TASK_KINDS, f"{where}.kind")
    _within(tasks.labels_wanted, 1, 100, f"{where}.labels_wanted")
    _within(tasks.compare_every, 2, 1000, f"{where}.compare_every")
    _within(tasks.random_floor, 0.01, 1, f"{where}.random_floor")
    return tasks


def _step(value: Any, where: str) -> Step:
    step = _build(Step, value, where)
    _among(step.method, TRAINING_METHODS, f"{where}.method")
    _settings(step.method, step.settings, f"{where}.settings")
    return step


def _gate(value: Any, where: str) -> Gate:
    gate = _build(Gate, value, where)
    _among(gate.metric, GATE_METRICS, f"{where}.metric")
    if gate.least is None and gate.most is None:
        raise _refuse(where, "expected `least` or `most`, got neither")
    return gate


def _settings(method: str, settings: Any, where: str) -> None:
    assert method in METHODS
    if not isinstance(settings, dict):
        raise _refuse(where, f"expected a JSON object, got {settings!r}")
    try:
        validate_settings(method, settings)
    except SpecError as error:
        raise _refuse(where, str(error)) from error


def _build(kind: type[Part], value: Any, where: str) -> Part:
    if not isinstance(value, dict):
        raise _refuse(where, f"expected a JSON object, got {value!r}")
    fields = {part.name: part for part in dataclasses.fields(kind)}
    if unknown := sorted(set(value) - set(fields)):
        raise _refuse(f"{where}.{unknown[0]}", f"unknown name; expected {', '.join(fields)}")
    for name, given in value.items():
        default = fields[name].default
        if isinstance(default, bool | int | float | str) and not (
            isinstance(given, type(default))
            or (isinstance(default, float) and isinstance(given, int))
        ):
            raise _refuse(f"{where}.{name}", f"expected {type(default).__name__}, got {given!r}")
        if isinstance(default, tuple):
            _list(given, f"{where}.{name}")
    try:
        return kind(**value)
    except TypeError as error:
        raise _refuse(where, f"a needed name is missing: {error}") from error


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise _refuse(where, f"expected a list, got {value!r}")
    return list(value)


def _within(value: float, low: float, high: float, where: str) -> None:
    if not low <= value <= high:
        raise _refuse(where, f"expected {low} to {high}, got {value}")


def _among(value: str, allowed: tuple[str, ...], where: str) -> None:
    if value not in allowed:
        raise _refuse(where, f"expected one of {', '.join(allowed)}, got {value!r}")


def _refuse(where: str, sentence: str) -> InvalidRecipe:
    return InvalidRecipe(f"{where}: {sentence}.", fields={where: [sentence]})
