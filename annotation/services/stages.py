"""What each state of a round waits for and does.

A stage finds what is already there (jobs by key, datasets by key, responses by their unique index)
and adds what is missing. It returns None while something is still under way, and otherwise what
has to happen together with the move to the next state, in the same transaction. Killed at any
line, the next call goes on from what is stored; two workers at once do the work twice at worst,
and the result once.
"""

import zlib
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from annotation.models import Checkpoint, Dataset, Job, Prompt, Round, Split
from annotation.services import checkpoints, consensus, datasets, generation, jobs, ratings, tasks
from annotation.services.recipes import PromptChoice, Recipe, Step

# A round without a lease or an answer for this long is asked whether anybody can go on.
STILL = timedelta(seconds=60)
KINDS = {"reward": Checkpoint.Kind.REWARD, "pretrain": Checkpoint.Kind.BASE}
HELD_OUT = PromptChoice(count=200, split=Split.EVAL.value)
GATE_NAMES = {"reward_accuracy": "eval/accuracy"}
Together = Callable[[], None]


def nothing() -> None:
    """Nothing has to happen together with the move."""


class Blocked(Exception):
    """The round cannot go on by itself: why, what shows it, and what a person may choose."""

    def __init__(
        self, reason: str, *, actions: dict[str, str], evidence: dict[str, Any] | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.evidence = evidence or {}
        self.actions = [{"action": name, "label": label} for name, label in actions.items()]


def generate(round: Round, recipe: Recipe) -> Together | None:
    """Queue one generation job per writer; when all have written, make the tasks."""
    assert recipe.generation is not None
    how = recipe.generation
    writers = checkpoints.writers_for(round, how.checkpoints)
    prompts = Dataset.objects.filter(round=round, key="prompts").first()
    if prompts is None:
        chosen = generation.choose_prompts(round, recipe.prompts)
        prompts = datasets.freeze_prompts(round, key="prompts", prompts=chosen)
    running = []
    for writer, share in zip(
        writers, generation.shares(how.responses_per_prompt, len(writers)), strict=True
    ):
        if share == 0:
            continue
        job = jobs.queue_job(
            round.project,
            round=round,
            key=f"generate:{writer.pk}",
            method="generate",
            dataset=prompts,
            model=writer,
            seed=_seed(round, str(writer.pk)),
            settings_={
                "responses_per_prompt": share,
                "temperature": how.temperature,
                "top_p": how.top_p,
                "max_new_tokens": how.max_new_tokens,
            },
            lineage=_lineage(round),
        )
        running.append((job, writer))
    if not _all_succeeded([job for job, _ in running]):
        return None
    for job, writer in running:
        generation.store_responses(job, writer)

    def open_queue() -> None:
        if not generation.make_tasks(round, recipe):
            raise Blocked(
                "No prompt got two different responses, so there is nothing to compare. "
                "Raise the temperature or add another checkpoint.",
                actions={"cancel": "Cancel the round"},
            )

    return open_queue


def label(round: Round, recipe: Recipe) -> Together | None:
    """Wait for people; go on when every task has its labels, ask when nobody can give them."""
    progress = tasks.progress(round)
    if progress.total == 0:
        raise Blocked(
            "This round has no tasks. Cancel it, and start one whose recipe generates responses.",
            actions={"cancel": "Cancel the round"},
        )
    if progress.done >= progress.total:
        return partial(tasks.close, round)
    if progress.leased == 0 and _stands_still(round):
        stranded = tasks.stranded(round)
        if stranded and stranded == round.tasks.filter(is_open=True).count():
            raise Blocked(
                f"{stranded} tasks want labels that nobody in the team can give: everybody who may "
                "label has labeled or skipped them. Invite more labelers, or go on with the "
                f"{progress.done} of {progress.total} labels there are?",
                evidence={"tasks": stranded, "done": progress.done, "total": progress.total},
                actions={
                    "retry": "Look again",
                    "enough": "Go on with these labels",
                    "cancel": "Cancel the round",
                },
            )
    return None


def _stands_still(round: Round) -> bool:
    last = round.assignments.aggregate(at=Max("ended_at"))["at"]
    return last is not None and timezone.now() - last > STILL


def aggregate(round: Round, recipe: Recipe) -> Together | None:
    """Consensus per task, the ladder, the frozen dataset."""
    consensus.write_consensus(round)
    ratings.close(round)
    if recipe.training:
        dataset = datasets.freeze_preferences(round, learn_from=recipe.learn_from)
        if dataset.train_rows == 0:
            raise Blocked(
                "The labels hold no decided comparison on a training prompt, so there is nothing "
                "to learn from.",
                actions={
                    "skip_training": "Finish without training",
                    "cancel": "Cancel the round",
                },
            )
    return nothing


def train(round: Round, recipe: Recipe) -> Together | None:
    """The recipe's steps, one after the other, each from the newest checkpoint."""
    for number, step in enumerate(recipe.training):
        key = f"train:{number}:{step.method}"
        job = Job.objects.filter(round=round, key=key).first()
        if job is None:
            job = _queue_step(round, key, step)
        if not _all_succeeded([job]):
            return None
        _keep(round, job, step)
    return nothing


def _queue_step(round: Round, key: str, step: Step) -> Job:
    project = round.project
    preferences = Dataset.objects.get(round=round, key="preferences")
    if step.method == "pretrain":
        return jobs.queue_job(
            project,
            round=round,
            key=key,
            method=step.method,
            dataset=datasets.freeze_text(round, preferences),
            settings_=step.settings,
            seed=_seed(round, key),
            lineage=_lineage(round, dataset=preferences),
        )
    policy = checkpoints.newest(project, kind=Checkpoint.Kind.POLICY)
    if policy is None:
        raise Blocked(
            "The project has no base checkpoint to train. Register a model under Checkpoints.",
            actions={"retry": "Try again", "cancel": "Cancel the round"},
        )
    reward = None
    if step.method == "ppo":
        reward = checkpoints.newest(project, kind=Checkpoint.Kind.REWARD)
        if reward is None:
            raise Blocked(
                "PPO needs a reward model and the project has none. Put a reward step before it.",
                actions={"skip_training": "Finish without training", "cancel": "Cancel the round"},
            )
    return jobs.queue_job(
        project,
        round=round,
        key=key,
        method=step.method,
        dataset=_training_rows(round, step, preferences),
        settings_=step.settings,
        model=policy,
        reward=reward,
        reference_model=policy if step.method in ("dpo", "ppo") else None,
        seed=_seed(round, key),
        lineage=_lineage(round, dataset=preferences, parent=policy),
    )


def _training_rows(round: Round, step: Step, preferences: Dataset) -> Dataset:
    """What the method reads: preferences, the training prompts (PPO) or the best answers (SFT)."""
    if step.method == "ppo":
        prompts = Prompt.objects.filter(project=round.project, split=Split.TRAIN)
        return datasets.freeze_prompts(
            round, key="ppo-prompts", prompts=prompts.order_by("content_hash").iterator()
        )
    if step.method == "sft":
        return datasets.freeze_demonstrations(round, preferences)
    return preferences


def _keep(round: Round, job: Job, step: Step) -> Checkpoint:
    kind = KINDS.get(step.method, Checkpoint.Kind.POLICY)
    named = [ref for ref in (job.spec["model"], job.spec["reward"]) if ref]
    parents = Checkpoint.objects.filter(
        project=round.project, path__in=[ref["path"] for ref in named]
    )
    return checkpoints.keep_checkpoint(
        job,
        name=f"round {round.number} {step.method}",
        kind=kind,
        parents=list(parents),
        dataset=Dataset.objects.get(round=round, key="preferences"),
    )


def evaluate(round: Round, recipe: Recipe) -> Together | None:
    """Measure the new policy on held-out prompts, hold it against the gates, finish."""
    made = (
        Checkpoint.objects.filter(round=round, kind=Checkpoint.Kind.POLICY)
        .order_by("-created_at")
        .first()
    )
    reward = checkpoints.newest(round.project, kind=Checkpoint.Kind.REWARD)
    if made is not None and reward is not None:
        metrics = _measure(round, recipe, made, reward)
        if metrics is None:
            return None
        _check_gates(recipe, made, {**reward.metrics, **metrics})
    return nothing


def _measure(
    round: Round, recipe: Recipe, made: Checkpoint, reward: Checkpoint
) -> dict[str, float] | None:
    """Metrics of the new policy and its parent side by side; None while the jobs run."""
    prompts = Dataset.objects.filter(round=round, key="evaluation-prompts").first()
    if prompts is None:
        chosen = generation.choose_prompts(round, HELD_OUT)
        if not chosen:
            return {}
        prompts = datasets.freeze_prompts(round, key="evaluation-prompts", prompts=chosen)
    parent = made.parents.exclude(kind=Checkpoint.Kind.REWARD).first()
    found = {}
    running = []
    for name, checkpoint in (("new", made), ("parent", parent)):
        if checkpoint is None:
            continue
        job = jobs.queue_job(
            round.project,
            round=round,
            key=f"evaluate:{checkpoint.pk}",
            method="evaluate",
            dataset=prompts,
            model=checkpoint,
            reward=reward,
            reference_model=parent,
            seed=_seed(round, "evaluate"),
            settings_=_sampling(recipe),
        )
        found[name] = job
        running.append(job)
    if not _all_succeeded(running):
        return None
    metrics: dict[str, float] = dict((found["new"].result or {}).get("metrics", {}))
    if "parent" in found:
        before = (found["parent"].result or {}).get("metrics", {})
        if "reward/mean" in before and "reward/mean" in metrics:
            metrics["reward_gain"] = metrics["reward/mean"] - before["reward/mean"]
    Checkpoint.objects.filter(pk=made.pk).update(metrics={**made.metrics, **metrics})
    return metrics


def _sampling(recipe: Recipe) -> dict[str, Any]:
    how = recipe.generation
    return {} if how is None else {"max_new_tokens": how.max_new_tokens}


def _check_gates(recipe: Recipe, made: Checkpoint, metrics: dict[str, float]) -> None:
    for gate in recipe.gates:
        value = metrics.get(GATE_NAMES.get(gate.metric, gate.metric))
        if value is None:
            continue
        low = gate.least is not None and value < gate.least
        high = gate.most is not None and value > gate.most
        if low or high:
            bound = f"at least {gate.least:g}" if low else f"at most {gate.most:g}"
            raise Blocked(
                f"{made.name} has {gate.metric.replace('_', ' ')} {value:.3g}; the recipe asks for "
                f"{bound}. Accept it anyway, or discard it and go on from its parent?",
                evidence={
                    "checkpoint": str(made.pk),
                    "metric": gate.metric,
                    "value": value,
                    "least": gate.least,
                    "most": gate.most,
                },
                actions={
                    "accept": "Accept the checkpoint",
                    "discard": "Discard it",
                    "cancel": "Cancel the round",
                },
            )


STAGES: dict[str, Callable[[Round, Recipe], Together | None]] = {
    Round.State.GENERATING: generate,
    Round.State.LABELING: label,
    Round.State.AGGREGATING: aggregate,
    Round.State.TRAINING: train,
    Round.State.EVALUATING: evaluate,
}


def _all_succeeded(found: list[Job]) -> bool:
    """True when all are done, False while some run; a failed one blocks the round."""
    for job in found:
        if job.state in (Job.State.FAILED, Job.State.CANCELLED):
            error = job.error or {}
            raise Blocked(
                f"The {job.method} job {job.state} after {job.attempt} attempts: "
                f"{error.get('text') or 'see its log'}",
                evidence={"job": str(job.pk), "error": error},
                actions={"retry": "Try the job again", "cancel": "Cancel the round"},
            )
    return all(job.state == Job.State.SUCCEEDED for job in found)


def _seed(round: Round, name: str) -> int:
    """A seed of its own for every job, fixed by round and purpose."""
    return zlib.crc32(f"{round.pk}/{name}".encode())


def _lineage(
    round: Round, *, dataset: Dataset | None = None, parent: Checkpoint | None = None
) -> dict[str, Any]:
    value: dict[str, Any] = {
        "project": round.project.name,
        "round": round.number,
        "code_version": settings.VERSION,
    }
    if dataset is not None:
        value["dataset"] = {"id": str(dataset.pk), "digest": dataset.digest}
        value["labels"] = dataset.provenance.get("labels", 0)
    if parent is not None:
        value["parents"] = [{"id": str(parent.pk), "name": parent.name, "digest": parent.digest}]
    return value
