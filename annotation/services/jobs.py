"""GPU work: queue a job, start it, follow its run directory, end it.

Every transition is an UPDATE conditional on the state it leaves; its row count tells whether this
caller made the transition. Two workers (or a worker killed at any line and its successor) can
therefore run the same function on the same row without doing anything twice.
"""

import logging
import socket
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from annotation import events
from annotation.errors import Conflict, InvalidInput
from annotation.models import Checkpoint, Dataset, Job, Project, Round, User
from training.contract import progress, spec
from training.launch import local

logger = logging.getLogger(__name__)

HEARTBEAT_LIMIT = timedelta(seconds=90)
START_LIMIT = timedelta(seconds=30)
STOP_LIMIT = timedelta(seconds=60)

DONE, BAD_INPUT, OUT_OF_MEMORY, STOPPED = 0, 2, 3, 143


def reference(checkpoint: Checkpoint) -> spec.ModelRef:
    """How a spec names this checkpoint; its digest is checked before the first step."""
    return spec.ModelRef(path=checkpoint.path, digest=checkpoint.digest or None)


def queue_job(
    project: Project,
    *,
    round: Round | None,
    key: str,
    method: str,
    dataset: Dataset,
    settings_: dict[str, Any],
    model: Checkpoint | None = None,
    reward: Checkpoint | None = None,
    reference_model: Checkpoint | None = None,
    seed: int = 17,
    lineage: dict[str, Any] | None = None,
) -> Job:
    """The job `key` of the round, made now unless it exists. Raises InvalidInput on a bad spec."""
    if round is not None and (existing := Job.objects.filter(round=round, key=key).first()):
        return existing
    job = Job(project=project, round=round, key=key, method=method)
    try:
        what = spec.JobSpec(
            job_id=str(job.id),
            method=method,
            dataset=spec.DatasetRef(path=dataset.path, digest=dataset.digest, kind=dataset.kind),
            seed=seed,
            model=reference(model) if model else None,
            reward=reference(reward) if reward else None,
            reference=reference(reference_model) if reference_model else None,
            settings=settings_,
            resources=spec.Resources(gpus=min(1, settings.GPU_SLOTS), threads=settings.JOB_THREADS),
            lineage=lineage or {},
        )
    except spec.SpecError as error:
        raise InvalidInput(f"{method} job {key!r}: {error}") from error
    job.spec = what.to_json()
    job.run_dir = str(settings.STORAGE_DIR / "runs" / str(job.id))
    job.save()
    _tell(job)
    return job


def cancel_job(job: Job, *, by: User | None) -> Job:
    """Ask for a clean stop; a job that has not started ends at once."""
    if job.state in Job.ENDED:
        raise Conflict(f"This job has already {job.state}; there is nothing to cancel.")
    with transaction.atomic():
        Job.objects.filter(pk=job.pk).exclude(state__in=Job.ENDED).update(cancel_requested=True)
        Job.objects.filter(pk=job.pk, state=Job.State.QUEUED).update(
            state=Job.State.CANCELLED, finished_at=timezone.now()
        )
        _record(job, "job.cancel_requested", by)
    job.refresh_from_db()
    _tell(job)
    return job


def retry_job(job: Job, *, by: User | None) -> Job:
    """Queue a failed or cancelled job again; it resumes from its last complete checkpoint."""
    with transaction.atomic():
        moved = Job.objects.filter(
            pk=job.pk, state__in=[Job.State.FAILED, Job.State.CANCELLED]
        ).update(
            state=Job.State.QUEUED,
            attempt=job.attempt + 1,
            max_attempts=job.attempt + 4,
            cancel_requested=False,
            not_before=timezone.now(),
            finished_at=None,
            exit_code=None,
            error=None,
            handle="",
        )
        if not moved:
            raise Conflict(
                f"Only a failed or cancelled job can be retried; this one is {job.state}."
            )
        progress.clear_stop(job.run_dir)
        _record(job, "job.retried", by)
    job.refresh_from_db()
    _tell(job)
    return job


def start_queued_jobs() -> int:
    """Claim and start as many queued jobs as there are free slots; returns how many."""
    started = 0
    while Job.objects.active().count() < settings.JOB_SLOTS:
        job = Job.objects.claimable().order_by("created_at").first()
        if job is None:
            break
        # The race with another worker: both read this row, one of them changes it.
        claimed = Job.objects.filter(pk=job.pk, state=Job.State.QUEUED, attempt=job.attempt).update(
            state=Job.State.STARTING, started_at=timezone.now(), handle=""
        )
        if claimed:
            job.refresh_from_db()
            launch(job)
            started += 1
    return started


def launch(job: Job) -> None:
    """Write the spec and start the process. Killed anywhere in here, `follow` picks it up."""
    run_dir = Path(job.run_dir)
    spec.write_spec(run_dir, spec.JobSpec.from_json(job.spec))
    progress.clear_stop(run_dir)
    handle = _start(job, run_dir)
    Job.objects.filter(pk=job.pk, state=Job.State.STARTING, attempt=job.attempt).update(
        handle=handle
    )
    _tell(job)


def _start(job: Job, run_dir: Path) -> str:
    env = {"HF_HUB_OFFLINE": "0"} if settings.ALLOW_HUB else {}
    if settings.LAUNCHER == "ray":
        from training.launch import ray

        ray_handle = ray.start(run_dir, attempt=job.attempt, env=env)
        return str(ray_handle)
    started = local.start(run_dir, attempt=job.attempt, env=env, threads=settings.JOB_THREADS)
    return f"{socket.gethostname()}:{started.pid}"


def follow_active_jobs() -> None:
    """Look at the run directory of every started job and move the row to what it says."""
    for job in Job.objects.active().select_related("round", "project"):
        follow(job)


def follow(job: Job) -> None:
    now = timezone.now()
    run_dir = Path(job.run_dir)
    status = progress.read_status(run_dir)
    if status is not None and status.attempt == job.attempt:
        _copy_progress(job, status)
    code = progress.read_exit(run_dir, attempt=job.attempt)
    if code is not None:
        # Written last, after everything it speaks of is on the disk.
        _end(job, code, status)
        return
    if job.cancel_requested:
        _stop(job, run_dir, status, now)
    if not _alive(job, run_dir, status) and _had_time_to_start(job, now):
        _lost(job, "The process ended without an exit code: killed, or the machine went down.")
    elif status is not None and status.attempt == job.attempt and _silent(status, now):
        _kill(job, status)
        _lost(job, f"No heartbeat for {HEARTBEAT_LIMIT.seconds} s; the process was ended.")


def _copy_progress(job: Job, status: progress.Status) -> None:
    beat = datetime.fromisoformat(status.heartbeat_at) if status.heartbeat_at else None
    if (job.step, job.total, job.heartbeat_at) == (status.step, status.total, beat):
        return
    moved = job.step != status.step or job.state == Job.State.STARTING
    Job.objects.filter(pk=job.pk, attempt=job.attempt).exclude(state__in=Job.ENDED).update(
        state=Job.State.RUNNING, step=status.step, total=status.total, heartbeat_at=beat
    )
    if moved:
        _tell(job)


def _end(job: Job, code: int, status: progress.Status | None) -> None:
    error = status.error if status else None
    if code == DONE:
        _finish(job, Job.State.SUCCEEDED, code, None, progress.read_result(job.run_dir))
    elif code == STOPPED and job.cancel_requested:
        _finish(job, Job.State.CANCELLED, code, None, None)
    elif code == BAD_INPUT:
        _finish(job, Job.State.FAILED, code, error, None)
    elif code == OUT_OF_MEMORY:
        smaller = spec.with_half_micro_batch(spec.JobSpec.from_json(job.spec))
        if smaller is None:
            _finish(job, Job.State.FAILED, code, error, None)
        else:
            _again(job, code, error, spec_=smaller.to_json())
    else:
        _again(job, code, error)


def _finish(
    job: Job, state: str, code: int | None, error: dict[str, Any] | None, result: Any
) -> None:
    Job.objects.filter(pk=job.pk, attempt=job.attempt, state__in=_ACTIVE).update(
        state=state, exit_code=code, error=error, result=result, finished_at=timezone.now()
    )
    _tell(job)


def _again(
    job: Job,
    code: int | None,
    error: dict[str, Any] | None,
    *,
    spec_: dict[str, Any] | None = None,
) -> None:
    """Queue the next attempt with back-off (2, 4, 8 ... s), or fail after the last."""
    if job.attempt >= job.max_attempts:
        _finish(job, Job.State.FAILED, code, error, None)
        return
    Job.objects.filter(pk=job.pk, attempt=job.attempt, state__in=_ACTIVE).update(
        state=Job.State.QUEUED,
        attempt=job.attempt + 1,
        spec=spec_ or job.spec,
        exit_code=code,
        error=error,
        handle="",
        not_before=timezone.now() + timedelta(seconds=2**job.attempt),
    )
    _tell(job)


_ACTIVE = (Job.State.STARTING, Job.State.RUNNING)


def _lost(job: Job, sentence: str) -> None:
    logger.warning("job %s (%s), attempt %d is lost: %s", job.key, job.pk, job.attempt, sentence)
    _again(job, None, {"class": "Lost", "text": sentence})


def _alive(job: Job, run_dir: Path, status: progress.Status | None) -> bool:
    if settings.LAUNCHER == "ray":
        from training.launch import ray

        return bool(job.handle) and ray.is_alive(job.handle)
    host, pid = _process(job, status)
    if host != socket.gethostname():
        # Another machine's process: its heartbeat is all we can see.
        return status is not None and not _silent(status, timezone.now())
    return pid != 0 and local.is_alive(pid, run_dir)


def _process(job: Job, status: progress.Status | None) -> tuple[str, int]:
    """Host and pid; from the status file when the worker died before it saved the handle."""
    if job.handle:
        host, _, pid = job.handle.rpartition(":")
        return host, int(pid)
    if status is not None and status.attempt == job.attempt:
        return status.host, status.pid
    return socket.gethostname(), 0


def _had_time_to_start(job: Job, now: datetime) -> bool:
    return bool(job.handle) or (job.started_at is not None and now - job.started_at > START_LIMIT)


def _silent(status: progress.Status, now: datetime) -> bool:
    return status.age_seconds(now) > HEARTBEAT_LIMIT.total_seconds()


def _stop(job: Job, run_dir: Path, status: progress.Status | None, now: datetime) -> None:
    stop = run_dir / "stop"
    if not stop.exists():
        progress.request_stop(run_dir)
    elif time.time() - stop.stat().st_mtime > STOP_LIMIT.total_seconds():
        _kill(job, status)
        _finish(job, Job.State.CANCELLED, None, None, None)


def _kill(job: Job, status: progress.Status | None) -> None:
    if settings.LAUNCHER == "ray":
        from training.launch import ray

        ray.kill(job.handle)
        return
    host, pid = _process(job, status)
    if host == socket.gethostname() and pid and local.is_alive(pid, job.run_dir):
        local.kill(pid)


def _tell(job: Job) -> None:
    events.tell(f"job:{job.pk}", "job.changed", job.pk)
    if job.round_id:
        events.tell(f"round:{job.round_id}", "job.changed", job.pk)


def _record(job: Job, action: str, by: User | None) -> None:
    events.record(action, team=job.project.team, project=job.project, actor=by, object_id=job.pk)
