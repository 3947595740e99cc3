"""Rounds in any state, for tests: prompts, checkpoints, and run directories as jobs leave them."""

import json
import uuid
from pathlib import Path

from annotation.models import Checkpoint, Job, Prompt, Response, Task
from annotation.models.prompt import content_hash, split_of
from annotation.rounds import advance, decisions, drafts
from annotation.services import assignments, jobs, labels
from training.contract import progress
from training.contract.progress import Status, now_text


def recipe(
    *,
    count=20,
    writers=("newest", "base"),
    responses=3,
    task_kind="rank",
    labels_wanted=1,
    train=("reward", "dpo"),
    bounds=(),
):
    """A recipe whose policy, if it trains one, is measured, held against `bounds`, accepted.

    Steps are named responses, labels, preferences, reward, policy, evaluation, gates, accept.
    """
    steps = [
        {
            "name": "responses",
            "kind": "generate",
            "reads": {"writers": list(writers)},
            "prompts": {"count": count},
            "responses_per_prompt": responses,
        },
        {
            "name": "labels",
            "kind": "label",
            "reads": {"responses": "responses"},
            "task_kind": task_kind,
            "labels_wanted": labels_wanted,
        },
        {"name": "preferences", "kind": "aggregate", "reads": {"labels": "labels"}},
    ]
    judge = "reward" if "reward" in train else "newest"
    names = ["reward" if method == "reward" else "policy" for method in train]
    for name, method in zip(names, train, strict=True):
        steps.append(
            {"name": name, "kind": "train", "method": method, "reads": {"data": "preferences"}}
        )
    if "policy" in names:
        steps.append(
            {
                "name": "evaluation",
                "kind": "evaluate",
                "reads": {"checkpoint": "policy", "reward": judge},
            }
        )
    if bounds:
        reads = {"checkpoint": "policy", "evaluation": "evaluation"}
        steps.append({"name": "gates", "kind": "gate", "reads": reads, "bounds": list(bounds)})
    if names:
        after = ["gates"] if bounds else []
        reads = {"checkpoints": names, "after": after}
        steps.append({"name": "accept", "kind": "accept", "reads": reads})
    return {"steps": steps}


RECIPE = recipe()


def make_prompts(project, n=10):
    """n prompts, some in either split."""
    rows = []
    for i in range(n):
        messages = [{"role": "user", "content": f"Question {i}?"}]
        digest = content_hash(messages)
        rows.append(
            Prompt(project=project, messages=messages, content_hash=digest, split=split_of(digest))
        )
    return Prompt.objects.bulk_create(rows)


def make_base(project, tmp_path, name="base"):
    """A registered base checkpoint; its weights are never read here."""
    return Checkpoint.objects.create(
        project=project, name=name, kind=Checkpoint.Kind.BASE, path=str(tmp_path / name)
    )


def leave_run_directory(job, *, code=0, files=None, result=None, error=None):
    """Write what the runner leaves behind, then let the worker's `follow` read it."""
    run_dir = Path(job.run_dir)
    run_dir.mkdir(parents=True, exist_ok=True)
    for name, text in (files or {}).items():
        path = run_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    state = "succeeded" if code == 0 else "failed"
    progress.write_status(
        run_dir,
        Status(
            state=state,
            step=3,
            total=3,
            heartbeat_at=now_text(),
            pid=1,
            host="elsewhere",
            attempt=job.attempt,
            error=error,
        ),
    )
    if code == 0:
        progress.write_result(run_dir, result or {"metrics": {}, "outputs": {}})
    progress.write_exit(run_dir, code=code, attempt=job.attempt)


def run(job, **left):
    """Take the job through starting and running to its end, as its files say."""
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, handle="")
    leave_run_directory(job, **left)
    job.refresh_from_db()
    jobs.follow(job)
    job.refresh_from_db()
    return job


def finish_generation(job, texts=("good", "fair", "bad")):
    """The job wrote, for every prompt, `responses_per_prompt` texts."""
    lines = Path(job.spec["dataset"]["path"]).read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    k = job.spec["settings"]["responses_per_prompt"]
    written = []
    for row in rows:
        responses = [
            {
                "text": f"{texts[i % len(texts)]} {job.pk.hex[:4]}",
                "tokens": 3,
                "seed": i,
                "finish_reason": "stop",
                "logprob": -1.0,
            }
            for i in range(k)
        ]
        written.append(json.dumps({"ids": row["ids"], "responses": responses}))
    return run(job, files={"responses.jsonl": "\n".join(written) + "\n"})


def finish_training(job, metrics=None):
    """The job left a final folder."""
    return run(
        job,
        files={"final/config.json": "{}"},
        result={"metrics": metrics or {}, "outputs": {"final": "final", "digest": "sha256:00"}},
    )


def label_all(round, labeler):
    """Rank every task of the round by alphabet, through the services."""
    while True:
        held = assignments.hold_assignments(round.project, labeler=labeler, hold=1)
        if not held.leases:
            return
        lease = held.leases[0]
        assignment = labeler.assignments.get(pk=lease.id)
        order = sorted(set(lease.texts))
        labels.submit_label(
            assignment,
            labels.Answer(ranking=[order.index(text) + 1 for text in lease.texts]),
            by=labeler,
            submission_id=uuid.uuid4(),
        )


def finish_evaluation(job, metrics=None, *, better=1.0):
    """Every prompt got one answer; `better` is the share of prompts where it scores 1, else 0."""
    lines = Path(job.spec["dataset"]["path"]).read_text().splitlines()
    written = [
        json.dumps(
            {
                "ids": json.loads(line)["ids"],
                "responses": ["text"],
                "rewards": [1.0 if i < better * len(lines) else 0.0],
            }
        )
        for i, line in enumerate(lines)
    ]
    return run(
        job,
        files={"responses.jsonl": "\n".join(written) + "\n"},
        result={"metrics": metrics or {}, "outputs": {"responses": "responses.jsonl"}},
    )


GOOD = {"eos_rate": 0.9, "reward/mean": 1.0, "kl": 3.0}
BEFORE = {"eos_rate": 0.8, "reward/mean": 0.0, "kl": 0.0}


def drive(made, labeler=None, *, new=GOOD, better=1.0, accuracy=0.75, upto=None):
    """Advance the round and finish its jobs, until nothing moves or step `upto` is running.

    `new` are the metrics of the policy, `better` the share of prompts on which it scores above its
    parent, `accuracy` that of the reward model on held-out pairs.
    """
    for _ in range(30):
        advance.advance(made)
        if upto is not None and step_of(made, upto).state != "waiting":
            return made
        waiting = list(made.jobs.filter(state="queued").order_by("created_at"))
        for job in waiting:
            finish(job, new=new, better=better, accuracy=accuracy)
        if made.is_labeling and labeler is not None:
            label_all(made, labeler)
        elif not waiting:
            return made
    raise AssertionError("the round never came to rest")


def finish(job, *, new=GOOD, better=1.0, accuracy=0.75):
    """The job did well, each method in its way; for what the numbers mean see `drive`."""
    if job.method == "generate":
        return finish_generation(job)
    if job.method == "evaluate":
        is_new = job.round.checkpoints_made.filter(path=job.spec["model"]["path"]).exists()
        return finish_evaluation(job, new if is_new else BEFORE, better=better if is_new else 0.0)
    return finish_training(job, {"eval/accuracy": accuracy} if job.method == "reward" else {})


def step_of(made, name):
    return made.steps.get(name=name)


def states(made):
    return dict(made.steps.values_list("name", "state"))


def asked(made, name):
    """What the step waits for people to decide: {subject: question}."""
    return {one["subject"]: one for one in decisions.open_questions(step_of(made, name))}


def decide(made, choice, *, by=None, decision_id=None, **more):
    """What the API does with a decision."""
    wanted = decisions.Wanted(choice, decision_id or uuid.uuid4(), **more)
    return decisions.decide(made, wanted, by=by)


def started_round(project, tmp_path, recipe=RECIPE):
    """A round that has just started, in a project with prompts and a base."""
    if not Prompt.objects.filter(project=project).exists():
        make_prompts(project)
        make_base(project, tmp_path)
    made = drafts.create_round(project, recipe=recipe, by=None)
    return drafts.start_round(made, by=None)


def labeled_round(project, labeler, tmp_path, recipe=RECIPE):
    """A round whose tasks are all labeled, about to aggregate."""
    made = started_round(project, tmp_path, recipe)
    drive(made, upto="labels")
    assert made.is_labeling, states(made)
    label_all(made, labeler)
    return made


def counts(round):
    return Response.objects.filter(round=round).count(), Task.objects.filter(round=round).count()
