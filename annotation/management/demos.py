"""The demo project: what `manage.py demo` sets up, in steps that may be repeated."""

import json
import os
import secrets
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction

from annotation.aggregation.estimate import Estimate, wilson
from annotation.exchange.imports import Source, import_file
from annotation.models import (
    Checkpoint,
    Dataset,
    Job,
    Membership,
    Project,
    Response,
    Role,
    Round,
    Split,
    Team,
    User,
)
from annotation.rounds import drafts
from annotation.rounds.recipe import RecipeJson
from annotation.services import checkpoints, datasets, jobs, projects, teams
from annotation.simulation import world
from annotation.simulation.labelers import LABELERS
from annotation.simulation.preference import score
from annotation.simulation.recipe import Recipe, Settings
from training.contract.parse import Json

NAME = "Demo"
BASE = "base"
ROUNDS = 3
GUIDELINES = """\
Rank the answers from best to worst.

1. **Right first.** An answer with the right fact beats one without, however friendly.
2. **Then polite.** Among right answers prefer the friendly one. Rudeness is a serious fault.
3. **Then whole and brief.** An answer that stops in the middle or wanders off is worse.

Give the same rank to answers that are equally good. Mark what cannot be judged.
"""


@dataclass(frozen=True)
class Demo:
    project: Project
    password: str
    recipe: Recipe


@dataclass(frozen=True)
class Comparison:
    """The last checkpoint against the base, one comparison per held-out prompt, a tie is half."""

    last: str
    base: str
    wins: int
    ties: int
    losses: int
    win_rate: float
    low: float
    high: float

    @property
    def n(self) -> int:
        return self.wins + self.ties + self.losses


def email_of(name: str) -> str:
    return f"{name}@demo.example"


@transaction.atomic
def set_up(recipe: Recipe) -> Demo:
    """The demo's team, people, project, prompts and base job; what exists is kept."""
    password = _password()
    manager = _user("manager", password)
    team = Team.objects.filter(name=NAME, memberships__user=manager).first()
    if team is None:
        team = teams.create_team(name=NAME, by=manager)
    for name in (*(labeler.name for labeler in LABELERS), "you"):
        Membership.objects.get_or_create(
            team=team, user=_user(name, password), defaults={"role": Role.LABELER}
        )
    project = Project.objects.filter(team=team, name=NAME).first()
    if project is None:
        project = projects.create_project(
            team,
            by=manager,
            settings={
                "name": NAME,
                "description": "Short questions to a very small model.",
                "policy": {
                    "task_kind": "mixed",
                    "responses_per_prompt": recipe.responses_per_prompt,
                    "labels_wanted": recipe.labels_wanted,
                    "lease_seconds": 1800,
                },
            },
            guidelines=GUIDELINES,
        )
        lines = [
            json.dumps(
                {
                    "messages": question.messages,
                    "tags": [question.kind],
                    "language": question.language,
                    "source": "demo world",
                }
            ).encode()
            for question in world.prompts(recipe.seed, recipe.prompts)
        ]
        file = Source(BytesIO(b"\n".join(lines)), format="prompts")
        import_file(project, file, by=manager, strict=True)
    if not Job.objects.filter(project=project, key=BASE).exists():
        rows = datasets.freeze_rows(
            project,
            kind=Dataset.Kind.TEXT,
            rows=world.pretraining_rows(recipe.seed, recipe.pretraining_rows),
        )
        jobs.queue_job(
            project,
            round=None,
            key=BASE,
            method="pretrain",
            dataset=rows,
            settings_=dict(recipe.pretrain),
            seed=recipe.seed,
            lineage={"project": NAME, "code_version": settings.VERSION},
        )
    return Demo(project, password, recipe)


def start_when_ready(demo: Demo) -> None:
    """Start the first round as soon as the base model is there; the others follow by themselves."""
    rounds = list(Round.objects.filter(project=demo.project).order_by("number"))
    if any(one.state != Round.State.DRAFT for one in rounds):
        return
    if checkpoints.newest(demo.project, kind=Checkpoint.Kind.POLICY) is None:
        return
    for recipe in round_recipes(demo.recipe)[len(rounds) :]:
        before = rounds[-1] if rounds else None
        rounds.append(drafts.create_round(demo.project, recipe=recipe, after=before, by=None))
    drafts.start_round(rounds[0], by=None)


def round_recipes(recipe: Recipe) -> list[RecipeJson]:
    """Two rounds of training, DPO then PPO, and a third that only compares, on held-out prompts."""
    comparison: list[Json] = [
        _responses(recipe, count=recipe.comparison_prompts, split="eval", each=3),
        _labels(kind="rank", wanted=1),
        _aggregate(),
    ]
    return [
        _learning(recipe, "dpo", recipe.dpo),
        _learning(recipe, "ppo", recipe.ppo),
        {"steps": comparison},
    ]


def _learning(recipe: Recipe, method: str, settings_: Settings) -> RecipeJson:
    """Labels teach a reward model, and it or they a policy; both are measured and accepted."""
    judge = "reward" if method == "ppo" else None
    return {
        "steps": [
            _responses(
                recipe,
                count=recipe.prompts_per_round,
                split="both",
                each=recipe.responses_per_prompt,
            ),
            _labels(kind="mixed", wanted=recipe.labels_wanted),
            _aggregate(),
            {
                "name": "reward",
                "kind": "train",
                "method": "reward",
                "reads": {"data": "preferences"},
                "settings": dict(recipe.reward),
            },
            {
                "name": "policy",
                "kind": "train",
                "method": method,
                "reads": {"data": "preferences", "reward": judge},
                "settings": dict(settings_),
            },
            {
                "name": "evaluation",
                "kind": "evaluate",
                "reads": {"checkpoint": "policy", "reward": "reward"},
                "max_new_tokens": recipe.generate.get("max_new_tokens", 64),
            },
            {"name": "accept", "kind": "accept", "reads": {"checkpoints": ["reward", "policy"]}},
        ]
    }


def _responses(recipe: Recipe, *, count: int, split: str, each: int) -> dict[str, Json]:
    return {
        "name": "responses",
        "kind": "generate",
        "prompts": {"count": count, "split": split},
        "responses_per_prompt": each,
        "temperature": recipe.generate.get("temperature", 1.0),
        "max_new_tokens": recipe.generate.get("max_new_tokens", 64),
    }


def _labels(*, kind: str, wanted: int) -> dict[str, Json]:
    return {
        "name": "labels",
        "kind": "label",
        "reads": {"responses": "responses"},
        "task_kind": kind,
        "labels_wanted": wanted,
    }


def _aggregate() -> dict[str, Json]:
    return {"name": "preferences", "kind": "aggregate", "reads": {"labels": "labels"}}


def compare(demo: Demo) -> Comparison:
    """What the hidden preference says of the last round's answers, newest against base."""
    last = Round.objects.get(project=demo.project, number=ROUNDS)
    made = checkpoints.newest(demo.project, kind=Checkpoint.Kind.POLICY)
    base = Checkpoint.objects.get(project=demo.project, kind=Checkpoint.Kind.BASE)
    assert made is not None
    texts: dict[Any, dict[Any, Response]] = {}
    written = Response.objects.filter(
        round=last, checkpoint__in=[made, base], prompt__split=Split.EVAL
    ).select_related("prompt")
    for response in written:
        texts.setdefault(response.prompt_id, {})[response.checkpoint_id] = response
    outcomes = []
    for pair in texts.values():
        if len(pair) == 2:
            mine, other = pair[made.pk], pair[base.pk]
            messages = mine.prompt.messages
            gap = score(messages, mine.text) - score(messages, other.text)
            outcomes.append(1.0 if gap > 0 else 0.0 if gap < 0 else 0.5)
    values = np.array(outcomes)
    low, high = wilson(np.array([values.sum()]), np.array([float(len(values))]))
    return Comparison(
        last=made.name,
        base=base.name,
        wins=int((values == 1).sum()),
        ties=int((values == 0.5).sum()),
        losses=int((values == 0).sum()),
        win_rate=float(values.mean()),
        low=float(low[0]),
        high=float(high[0]),
    )


def reward_accuracy(demo: Demo) -> Estimate | None:
    """Held-out accuracy of the newest reward model."""
    reward = checkpoints.newest(demo.project, kind=Checkpoint.Kind.REWARD)
    return None if reward is None else checkpoints.held_out_accuracy(reward)


def open_free_round(demo: Demo) -> None:
    """A small round for the person at the free seat, once the simulated labelers have gone home."""
    if Round.objects.filter(project=demo.project, number__gt=ROUNDS).exists():
        return
    recipe: RecipeJson = {
        "steps": [
            _responses(demo.recipe, count=24, split="both", each=demo.recipe.responses_per_prompt),
            _labels(kind="mixed", wanted=1),
            _aggregate(),
        ]
    }
    drafts.start_round(drafts.create_round(demo.project, recipe=recipe, by=None), by=None)


def _user(name: str, password: str) -> User:
    user = User.objects.filter(email=email_of(name)).first()
    return user or User.objects.create_user(email_of(name), password, name=name.capitalize())


def _password() -> str:
    """One password for the demo's people, made once and kept with the demo's data."""
    path = Path(settings.STORAGE_DIR) / "demo.json"
    try:
        return str(json.loads(path.read_text())["password"])
    except FileNotFoundError:
        password = secrets.token_urlsafe(9)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({"password": password}, file)
        return password
