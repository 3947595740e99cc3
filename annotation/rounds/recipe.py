"""What a round is to do: named steps, each with what it reads, checked before a round may start.

A recipe is plain JSON on the round, here frozen dataclasses. It never changes once the round has
started: what people decide later is laid over it (`amended`) for whoever asks what to do now.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypedDict

from annotation.errors import InvalidRecipe
from annotation.models import Checkpoint
from annotation.rounds import sources
from annotation.rounds.schema import Schema, schema_of
from annotation.rounds.step import Source, Step
from annotation.rounds.steps import STEPS
from annotation.rounds.steps.accept import Accept, AcceptReads
from annotation.rounds.steps.aggregate import Aggregate, AggregateReads
from annotation.rounds.steps.evaluate import Evaluate, EvaluateReads
from annotation.rounds.steps.gate import Bound, GateReads, Gates
from annotation.rounds.steps.generate import Generate
from annotation.rounds.steps.label import Label, LabelReads
from annotation.rounds.steps.train import Train, TrainReads
from annotation.sentences import Sentence, say
from training.contract.errors import ParseError
from training.contract.parse import Json, limited, not_among, parse, parse_one_of, to_json

NAME = re.compile(r"[a-z][a-z0-9_-]{0,29}\Z")
MOST_STEPS = 40

RecipeJson = dict[str, Json]


class Amendment(TypedDict):
    """`change` is laid over the step of that name: objects are merged, all else is replaced."""

    step: str
    change: dict[str, Json]


@dataclass(frozen=True)
class Recipe:
    steps: tuple[Step, ...]

    def to_json(self) -> RecipeJson:
        return {"steps": to_json(self.steps)}

    def step(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)

    def readers_of(self, name: str) -> list[str]:
        """The steps that read this one, directly or through others, in order."""
        found = {name}
        for step in self.steps:
            if found & step.reads.names():
                found.add(step.name)
        return [step.name for step in self.steps if step.name in found - {name}]


@dataclass(frozen=True)
class Written:
    """A recipe before its steps are read."""

    steps: list[object] = field(metadata=limited(least=1, most=MOST_STEPS))


def parse_recipe(value: object) -> Recipe:
    """The recipe in `value`, or InvalidRecipe naming the field, what was expected and what came."""
    with _refused():
        earlier: dict[str, Step] = {}
        for i, one in enumerate(parse(Written, value, "recipe").steps):
            where = f"recipe.steps.{i}"
            step = parse_one_of(STEPS.values(), one, where)
            _check_name(step, where, earlier)
            _check_reads(step, where, earlier)
            step.check(where, earlier)
            _check_gates_read(step, where, earlier)
            earlier[step.name] = step
        return Recipe(tuple(earlier.values()))


@contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except ParseError as error:
        raise InvalidRecipe(error.said, fields={error.path: [error.sentence]}) from error


def _check_name(step: Step, where: str, earlier: Mapping[str, Step]) -> None:
    if not NAME.match(step.name) or step.name in sources.RESERVED:
        raise ParseError(
            f"{where}.name",
            say(
                "recipe_step_name",
                "Expected up to 30 of a-z, 0-9, _ and -, beginning with a letter, and not "
                "{reserved}; got {got}.",
                reserved=", ".join(sources.RESERVED),
                got=repr(step.name[:60]),
            ),
        )
    if step.name in earlier:
        raise ParseError(
            f"{where}.name",
            say("recipe_name_taken", "An earlier step is named {name}, too.", name=step.name),
        )
    if type(step).is_single and any(type(one) is type(step) for one in earlier.values()):
        raise ParseError(
            f"{where}.kind",
            say(
                "recipe_one_of_a_kind",
                "A round has one step of kind {kind}; ask again in a round after it.",
                kind=step.kind,
            ),
        )


def _check_reads(step: Step, where: str, earlier: Mapping[str, Step]) -> None:
    for role, may, names in step.reads.roles():
        for name in names:
            if not _is_readable(name, may, earlier):
                raise ParseError(f"{where}.reads.{role}", _not_readable(name, may, earlier))


def _not_readable(name: str, may: Source, earlier: Mapping[str, Step]) -> Sentence:
    steps = [one.name for one in earlier.values() if _fits(one, may)]
    got, kinds, words = name[:60], ", ".join(may.kinds), ", ".join(may.words)
    if may.takes_checkpoint:
        return say(
            "recipe_reads_checkpoint",
            "Expected one of {known} or a checkpoint id, got {got}.",
            known=", ".join([*steps, *may.words]),
            got=got,
        )
    if steps:
        return not_among([*steps, *may.words], name)
    if words:
        return say(
            "recipe_reads_step_or_word",
            "Expected {words} or an earlier step of kind {kinds}, got {got}.",
            words=words,
            kinds=kinds,
            got=got,
        )
    return say(
        "recipe_reads_step",
        "Expected an earlier step of kind {kinds}, got {got}.",
        kinds=kinds,
        got=got,
    )


def _is_readable(name: str, may: Source, earlier: Mapping[str, Step]) -> bool:
    if name in earlier:
        return _fits(earlier[name], may)
    return name in may.words or (may.takes_checkpoint and sources.is_checkpoint_id(name))


def _fits(step: Step, may: Source) -> bool:
    if isinstance(step, Train) and may.is_reward is not None:
        return "train" in may.kinds and (step.makes == Checkpoint.Kind.REWARD) == may.is_reward
    return step.kind in may.kinds


def _check_gates_read(step: Step, where: str, earlier: Mapping[str, Step]) -> None:
    """Nothing is accepted past a gate that judges it."""
    if not isinstance(step, Accept):
        return
    for one in earlier.values():
        judged = isinstance(one, Gates) and one.reads.checkpoint in step.reads.checkpoints
        if judged and one.name not in step.reads.after:
            raise ParseError(
                f"{where}.reads.after",
                say(
                    "recipe_accepts_past_gate",
                    "{gate} judges what is accepted here, so it has to be read here.",
                    gate=one.name,
                ),
            )


def amended(recipe: RecipeJson, amendments: Iterable[Amendment]) -> Recipe:
    """The recipe with what people decided laid over it, in order. Raises InvalidRecipe."""
    steps = parse(list[dict[str, object]], recipe["steps"], "recipe.steps")
    with _refused():
        for amendment in amendments:
            names = [str(one["name"]) for one in steps]
            if amendment["step"] not in names:
                raise ParseError("step", not_among(names, amendment["step"]))
            i = names.index(amendment["step"])
            for fixed in ("name", "kind"):
                if fixed in amendment["change"]:
                    raise ParseError(
                        f"recipe.steps.{i}.{fixed}",
                        say("recipe_fixed_name", "The {name} of a step cannot change.", name=fixed),
                    )
            steps[i] = _merge(steps[i], amendment["change"])
    return parse_recipe({"steps": steps})


def _merge(under: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    found = dict(under)
    for name, value in over.items():
        below = found.get(name)
        if isinstance(below, dict) and isinstance(value, dict):
            found[name] = _merge(below, value)
        else:
            found[name] = value
    return found


# The whole loop: people teach a reward model and a policy, the policy is measured beside its
# parent on held-out prompts, held against the gates, and writes in the rounds that follow.
DEFAULT = Recipe(
    (
        Generate(name="responses"),
        Label(name="labels", reads=LabelReads("responses")),
        Aggregate(name="preferences", reads=AggregateReads("labels")),
        Train(name="reward", reads=TrainReads("preferences"), method="reward"),
        Train(name="policy", reads=TrainReads("preferences"), method="dpo"),
        Evaluate(name="evaluation", reads=EvaluateReads("policy", reward="reward")),
        Gates(
            name="gates",
            reads=GateReads("policy", "evaluation", "reward"),
            bounds=(
                Bound("reward_accuracy", least=0.5),
                Bound("win_rate", least=0.5),
                Bound("ended_share", least=0.7),
            ),
        ),
        Accept(name="accept", reads=AcceptReads(("policy", "reward"), ("gates",))),
    )
)

# A round that was imported with its labels: a small base model learns to write from the training
# split, then the labels teach it.
DEFAULT_IMPORT = Recipe(
    (
        Aggregate(name="preferences", reads=AggregateReads(sources.IMPORTED), learn_from="round"),
        Train(name="writer", reads=TrainReads("preferences", model=None), method="pretrain"),
        Train(name="reward", reads=TrainReads("preferences", model="writer"), method="reward"),
        Train(name="policy", reads=TrainReads("preferences", model="writer"), method="dpo"),
        Evaluate(name="evaluation", reads=EvaluateReads("policy", reward="reward")),
        Accept(name="accept", reads=AcceptReads(("writer", "reward", "policy"))),
    )
)

# Responses that were imported without labels: people label them, the votes are counted. Nothing
# writes, nothing trains.
LABEL_ONLY = Recipe(
    (
        Label(name="labels", reads=LabelReads(sources.IMPORTED)),
        Aggregate(name="preferences", reads=AggregateReads("labels"), learn_from="round"),
    )
)


def schemas() -> dict[str, Schema]:
    """OpenAPI components: Recipe as it is served, RecipeInput as it may be sent, and their parts.

    A step is a union told apart by `kind`, so a generated client has a closed union too.
    """
    found: dict[str, Schema] = {}
    for suffix, is_input in (("", False), ("Input", True)):

        def name_of(kind: type, suffix: str = suffix) -> str:
            return f"{NAMES.get(kind, kind.__name__)}{suffix}"

        mapping = {}
        for tag, kind in STEPS.items():
            found |= _with_parts(kind, is_input=is_input, name_of=name_of)
            step = found[name_of(kind)]
            step["properties"]["kind"] = {"type": "string", "enum": [tag]}
            step["required"] = sorted({*step.get("required", []), "kind"})
            mapping[tag] = f"#/components/schemas/{name_of(kind)}"
        found[f"Step{suffix}"] = {
            "oneOf": [{"$ref": ref} for ref in mapping.values()],
            "discriminator": {"propertyName": "kind", "mapping": mapping},
        }
        found[f"Recipe{suffix}"] = {
            "type": "object",
            "additionalProperties": False,
            "required": ["steps"],
            "properties": {
                "steps": {
                    "type": "array",
                    "items": {"$ref": f"#/components/schemas/Step{suffix}"},
                    "minItems": 1,
                    "maxItems": MOST_STEPS,
                }
            },
        }
    return found


# The names of components, which say more than the classes' own.
NAMES: dict[type, str] = {kind: f"{tag.title()}Step" for tag, kind in STEPS.items()}


def _with_parts(kind: type, *, is_input: bool, name_of: Callable[[type], str]) -> dict[str, Schema]:
    """The schema of a dataclass and of those inside it."""
    inside: list[type] = []

    def note(part: type) -> str:
        inside.append(part)
        return name_of(part)

    found = {name_of(kind): schema_of(kind, is_input=is_input, names=note)}
    for part in inside:
        found |= _with_parts(part, is_input=is_input, name_of=name_of)
    return found
