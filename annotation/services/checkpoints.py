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

from annotation.aggregation.estimate import Estimate, with_interval
from annotation.errors import Conflict, InvalidInput
from annotation.happenings import happened
from annotation.models import Checkpoint, Dataset, Job, Project, User
from annotation.sentences import say
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
        _check_folder(folder)
        path, digest = str(folder.resolve()), records.folder_digest(folder)
    elif path.count("/") != 1 or path.startswith((".", "/", "~")):
        raise InvalidInput(
            say(
                "not_a_model",
                "{path} is neither a folder on this machine nor a hub id (owner/name).",
                path=repr(path),
            )
        )
    elif not settings.ALLOW_HUB:
        raise InvalidInput(
            say(
                "hub_not_allowed",
                "{path} is a hub id, and this installation does not use the hub. Download the "
                "model and give its folder, or set WHETSTONE_ALLOW_HUB=1.",
                path=repr(path),
            )
        )
    if Checkpoint.objects.filter(project=project, name=name).exists():
        raise Conflict(
            say(
                "checkpoint_name_taken",
                "The project has a checkpoint named {name}; choose another name.",
                name=repr(name),
            )
        )
    with transaction.atomic():
        checkpoint = Checkpoint.objects.create(
            project=project, name=name, kind=kind, path=path, digest=digest
        )
        happened("checkpoint.registered", checkpoint, by=by)
    return checkpoint


def _check_folder(folder: Path) -> None:
    names = sorted(item.name for item in folder.iterdir())
    if unsafe := [name for name in names if name.endswith(UNSAFE)]:
        raise InvalidInput(
            say(
                "unsafe_model",
                "{folder} holds {files}: pickled weights and code are not loaded. Save the model "
                "with safe_serialization=True and without custom code.",
                folder=str(folder),
                files=", ".join(unsafe),
            )
        )
    if "config.json" not in names or not any(name.endswith(".safetensors") for name in names):
        raise InvalidInput(
            say(
                "not_a_model_folder",
                "{folder} is not a model folder: expected config.json and *.safetensors, found "
                "{files}.",
                folder=str(folder),
                files=", ".join(names[:8]) or "nothing",
            )
        )


def keep_checkpoint(
    job: Job, *, name: str, kind: str, parents: list[Checkpoint], dataset: Dataset
) -> Checkpoint:
    """The checkpoint of a succeeded job, made now unless it exists; its files move out of the run.

    `final/` moves to `storage/checkpoints/<job>` by rename before the row exists; a crash in
    between is repaired by the next call. What a round makes is not accepted yet.
    """
    result = job.result or {}
    final = Path(job.run_dir) / "final"
    # The job's id names the folder too: a second call finds what the first one moved.
    home = settings.STORAGE_DIR / "checkpoints" / str(job.pk)
    with transaction.atomic():
        # Two workers that keep the same job's checkpoint: the second waits and finds it.
        Job.objects.select_for_update(no_key=True).get(pk=job.pk)
        if existing := Checkpoint.objects.filter(job=job).first():
            return existing
        if not home.exists():
            home.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(final, home)
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
            is_accepted=job.round_id is None,
        )
        checkpoint.parents.set(parents)
        happened("checkpoint.made", checkpoint, job=str(job.pk))
    return checkpoint


def accept_checkpoint(checkpoint: Checkpoint, *, by: User | None) -> bool:
    """Let it write for people and be built on; False when it was accepted before."""
    with transaction.atomic():
        accepted = Checkpoint.objects.filter(pk=checkpoint.pk, is_accepted=False).update(
            is_accepted=True
        )
        if accepted:
            happened("checkpoint.accepted", checkpoint, by=by)
    checkpoint.is_accepted = True
    return bool(accepted)


def newest(project: Project, *, kind: str) -> Checkpoint | None:
    """The newest accepted checkpoint of a kind; a base counts as the first policy."""
    kinds = [kind, Checkpoint.Kind.BASE] if kind == Checkpoint.Kind.POLICY else [kind]
    return (
        Checkpoint.objects.accepted()
        .filter(project=project, kind__in=kinds)
        .order_by("-created_at")
        .first()
    )


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
