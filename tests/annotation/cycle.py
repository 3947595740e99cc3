"""Rounds in any state, for tests: prompts, checkpoints, and run directories as jobs leave them."""

import json
import uuid
from pathlib import Path

from annotation.models import Checkpoint, Job, Prompt, Response, Task
from annotation.models.prompt import content_hash, split_of
from annotation.services import assignments, jobs, labelers, labels, rounds
from tests.annotation.labeling import ranked
from training.contract import progress
from training.contract.progress import Status, now_text

RECIPE = {
    "prompts": {"count": 20},
    "generation": {"responses_per_prompt": 3, "checkpoints": ["newest", "base"]},
    "tasks": {"kind": "rank", "labels_wanted": 1},
    "training": [{"method": "reward"}, {"method": "dpo"}],
}


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
    labeler = labelers.of(labeler, round.project.team_id)
    while True:
        held = assignments.hold_assignments(round.project, labeler=labeler, hold=1)
        if not held.leases:
            return
        lease = held.leases[0]
        assignment = labeler.assignments.get(pk=lease.id)
        order = sorted(set(lease.texts))
        labels.submit_label(
            assignment,
            ranked([order.index(text) + 1 for text in lease.texts]),
            submission_id=uuid.uuid4(),
        )


def labeled_round(project, labeler, tmp_path, recipe=RECIPE):
    """A round whose tasks are all labeled, about to aggregate."""
    if not Prompt.objects.filter(project=project).exists():
        make_prompts(project)
        make_base(project, tmp_path)
    made = rounds.create_round(project, recipe=recipe, by=None)
    rounds.start_round(made, by=None)
    rounds.advance(made)
    for job in Job.objects.filter(round=made, method="generate"):
        finish_generation(job)
    rounds.advance(made)
    assert made.state == "labeling", made.blocked
    label_all(made, labeler)
    return made


def counts(round):
    return Response.objects.filter(round=round).count(), Task.objects.filter(round=round).count()
