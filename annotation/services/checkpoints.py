"""Checkpoints: register one's own, keep what a job made, find the ones a recipe names."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from annotation import events
from annotation.aggregation.estimate import Estimate, with_interval
from annotation.errors import Conflict, InvalidInput
from annotation.models import Checkpoint, Dataset, Job, Project, Round, User
from training.contract import records

UNSAFE = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".py")


def register_checkpoint(
    project: Project, *, name: str, path: str, kind: str = "base", by: User | None = None
) -> Checkpoint:
    """Make one's own model (a local Hugging Face folder or a hub id) known to the project.

    A folder must hold config.json and safetensors; pickled weights and code are refused. A hub id
    (`organisation/model`) is taken only where the operator allows the hub.
    Raises InvalidInput, Conflict when the name is taken.
    """
    # pathlib raises for a name that is too long or a user that does not exist; os.path says no.
    folder = Path(os.path.expanduser(path))
    digest = ""
    if os.path.isdir(folder):
        check_folder(folder)
        path, digest = str(folder.resolve()), records.folder_digest(folder)
    elif path.count("/") != 1 or path.startswith((".", "/", "~")):
        raise InvalidInput(
            f"{path!r} is neither a folder on this machine nor a hub id (owner/name)."
        )
    elif not settings.ALLOW_HUB:
        raise InvalidInput(
            f"{path!r} is a hub id, and this installation does not use the hub. Download the model "
            "and give its folder, or set WHETSTONE_ALLOW_HUB=1."
        )
    if Checkpoint.objects.filter(project=project, name=name).exists():
        raise Conflict(f"The project has a checkpoint named {name!r}; choose another name.")
    with transaction.atomic():
        checkpoint = Checkpoint.objects.create(
            project=project, name=name, kind=kind, path=path, digest=digest
        )
        events.record(
            "checkpoint.registered",
            team=project.team,
            project=project,
            actor=by,
            object_id=checkpoint.pk,
        )
        events.tell(f"project:{project.pk}", "checkpoint.changed", checkpoint.pk)
    return checkpoint


def check_folder(folder: Path) -> None:
    names = sorted(item.name for item in folder.iterdir())
    if unsafe := [name for name in names if name.endswith(UNSAFE)]:
        raise InvalidInput(
            f"{folder} holds {', '.join(unsafe)}: pickled weights and code are not loaded. "
            "Save the model with safe_serialization=True and without custom code."
        )
    if "config.json" not in names or not any(name.endswith(".safetensors") for name in names):
        raise InvalidInput(
            f"{folder} is not a model folder: expected config.json and *.safetensors, "
            f"found {', '.join(names[:8]) or 'nothing'}."
        )


def keep_checkpoint(
    job: Job, *, name: str, kind: str, parents: list[Checkpoint], dataset: Dataset
) -> Checkpoint:
    """The checkpoint that a succeeded training job made; called twice it is the same one.

    The weights leave the run directory for `checkpoints/<id>` by rename, after the row's id is
    known and before the row exists; a crash in between is repaired by the next call.
    """
    if existing := Checkpoint.objects.filter(job=job).first():
        return existing
    result = job.result or {}
    final = Path(job.run_dir) / "final"
    # The job's id names the folder too: a second call finds what the first one moved.
    home = settings.STORAGE_DIR / "checkpoints" / str(job.pk)
    if not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(final, home)
    with transaction.atomic():
        checkpoint = Checkpoint.objects.create(
            project=job.project,
            name=_free_name(job.project, name),
            kind=kind,
            method=job.method,
            path=str(home),
            digest=result["outputs"]["digest"],
            dataset=dataset,
            job=job,
            round=job.round,
            metrics=result.get("metrics", {}),
        )
        checkpoint.parents.set(parents)
        events.record(
            "checkpoint.made",
            team=job.project.team,
            project=job.project,
            object_id=checkpoint.pk,
            job=str(job.pk),
        )
        events.tell(f"project:{job.project_id}", "checkpoint.changed", checkpoint.pk)
    return checkpoint


def keep_finished() -> None:
    """Checkpoints of jobs that belong to no round: the base model trained for a new project."""
    jobs = Job.objects.filter(
        round__isnull=True, checkpoint__isnull=True, method="pretrain", state=Job.State.SUCCEEDED
    )
    for job in jobs.select_related("project__team"):
        dataset = Dataset.objects.get(path=job.spec["dataset"]["path"])
        keep_checkpoint(job, name=job.key, kind=Checkpoint.Kind.BASE, parents=[], dataset=dataset)


def lineage_of(checkpoint: Checkpoint) -> dict[str, int]:
    """How many labels, prompts and labelers this checkpoint and all its ancestors learned from.

    A dataset that learns from the whole project holds earlier rounds too, so the largest counts,
    not the sums, are what went in.
    """
    seen: set[Any] = set()
    waiting = [checkpoint]
    labels = prompts = 0
    labelers: set[str] = set()
    while waiting:
        one = waiting.pop()
        if one.pk in seen:
            continue
        seen.add(one.pk)
        if one.dataset is not None and one.dataset.kind == Dataset.Kind.PREFERENCE:
            labels = max(labels, one.dataset.provenance.get("labels", 0))
            prompts = max(prompts, one.dataset.rows)
            labelers |= set(one.dataset.provenance.get("labelers", ()))
        waiting.extend(one.parents.select_related("dataset"))
    return {"labels": labels, "prompts": prompts, "labelers": len(labelers)}


def held_out_accuracy(reward: Checkpoint) -> Estimate | None:
    """How often the reward model orders held-out pairs as people did, ties counting half.

    The 95 % interval resamples prompts, since the pairs of one prompt rise and fall together.
    None without held-out pairs.
    """
    if reward.job is None:
        return None
    path = Path(reward.job.run_dir) / "pairs.jsonl"
    if not path.exists():
        return None
    by_prompt: dict[str, list[float]] = {}
    with path.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            by_prompt.setdefault(row["ids"]["prompt"], []).append(float(row["correct"]))
    if not by_prompt:
        return None
    correct = np.array([sum(values) for values in by_prompt.values()])
    pairs = np.array([len(values) for values in by_prompt.values()], dtype=float)
    if len(pairs) < 2:
        return None
    estimate = with_interval(lambda hits, of: float(hits.sum() / of.sum()), correct, pairs, upper=1)
    return replace(estimate, n=int(pairs.sum()))


def _free_name(project: Project, name: str) -> str:
    taken = set(
        Checkpoint.objects.filter(project=project, name__startswith=name).values_list(
            "name", flat=True
        )
    )
    number = 2
    free = name
    while free in taken:
        free = f"{name} ({number})"
        number += 1
    return free


def newest(project: Project, *, kind: str) -> Checkpoint | None:
    """The newest accepted checkpoint of a kind; a base counts as the first policy."""
    kinds = [kind, Checkpoint.Kind.BASE] if kind == Checkpoint.Kind.POLICY else [kind]
    return (
        Checkpoint.objects.filter(project=project, kind__in=kinds, is_accepted=True)
        .order_by("-created_at")
        .first()
    )


def writers_for(round: Round, names: tuple[str, ...]) -> list[Checkpoint]:
    """The checkpoints a recipe names ("newest", "previous", "base" or ids), each once, in order.

    Raises InvalidInput when a name means nothing in this project.
    """
    accepted = list(
        Checkpoint.objects.writers()
        .filter(project=round.project, is_accepted=True)
        .filter(Q(round__isnull=True) | Q(round__number__lt=round.number))
        .order_by("-created_at")
    )
    found: dict[Any, Checkpoint] = {}
    for name in names:
        checkpoint: Checkpoint | None
        if name == "newest":
            checkpoint = accepted[0] if accepted else None
        elif name == "previous":
            checkpoint = accepted[1] if len(accepted) > 1 else (accepted or [None])[0]  # type: ignore[list-item]
        elif name == "base":
            bases = [one for one in accepted if one.kind == Checkpoint.Kind.BASE]
            checkpoint = bases[-1] if bases else None
        else:
            checkpoint = next((one for one in accepted if str(one.pk) == name), None)
        if checkpoint is None:
            raise InvalidInput(
                f"The project has no checkpoint {name!r} that can write. "
                "Register a model under Checkpoints first."
            )
        found[checkpoint.pk] = checkpoint
    return list(found.values())
