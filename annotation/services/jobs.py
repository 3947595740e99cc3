"""GPU work: queue a job, start it, follow its run directory, end it.

Every transition is an UPDATE conditional on the state it leaves; its row count tells whether this
caller made the transition. Two workers (or a worker killed at any line and its successor) can
therefore run the same function on the same row without doing anything twice.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from annotation.errors import Conflict, InvalidInput
from annotation.happenings import happened
from annotation.models import Checkpoint, Dataset, Job, Project, Round, User
from annotation.models.job import Failure
from annotation.sentences import Sentence, say
from training.contract import progress, spec
from training.launch import LAUNCHERS, Handle, Launcher, Place

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
    settings_: Mapping[str, object],
    model: Checkpoint | None = None,
    reward: Checkpoint | None = None,
    reference_model: Checkpoint | None = None,
    seed: int = 17,
    lineage: Mapping[str, object] | None = None,
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
        raise InvalidInput(
            say(
                "job_refused",
                "The {method} job {key} cannot run: {reason}",
                method=method,
                key=key,
                reason=error.said,
            )
        ) from error
    job.spec = what.to_json()
    job.run_dir = str(settings.STORAGE_DIR / "runs" / str(job.id))
    job.save()
    happened("job.moved", job)
    return job


def cancel_job(job: Job, *, by: User | None) -> Job:
    """Ask for a clean stop; a job that has not started ends at once."""
    if job.state in Job.ENDED:
        raise Conflict(
            say(
                "job_has_ended",
                "This job has already {state}; there is nothing to cancel.",
                state=job.state,
            )
        )
    with transaction.atomic():
        Job.objects.filter(pk=job.pk).exclude(state__in=Job.ENDED).update(cancel_requested=True)
        Job.objects.filter(pk=job.pk, state=Job.State.QUEUED).update(
            state=Job.State.CANCELLED, finished_at=timezone.now()
        )
        happened("job.cancel_requested", job, by=by)
    job.refresh_from_db()
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
                say(
                    "job_not_retryable",
                    "Only a failed or cancelled job can be retried; this one is {state}.",
                    state=job.state,
                )
            )
        progress.clear_stop(job.run_dir)
        happened("job.retried", job, by=by)
    job.refresh_from_db()
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
    try:
        spec.write_spec(run_dir, spec.JobSpec.from_json(job.spec))
        progress.clear_stop(run_dir)
        handle = launcher().start(
            run_dir,
            attempt=job.attempt,
            threads=settings.JOB_THREADS,
            env={"HF_HUB_OFFLINE": "0"} if settings.ALLOW_HUB else {},
        )
    except OSError as error:  # a full disk, a cluster that does not answer: worth another attempt
        _lost(
            job,
            say(
                "job_not_started",
                "The job could not be started: {reason}",
                reason=str(error),
            ),
        )
        return
    Job.objects.filter(pk=job.pk, state=Job.State.STARTING, attempt=job.attempt).update(
        handle=str(handle)
    )
    happened("job.moved", job)


def launcher() -> Launcher:
    """The way this installation starts jobs."""
    return LAUNCHERS[settings.LAUNCHER](Place(ray_address=settings.RAY_ADDRESS))


def follow_active_jobs() -> None:
    """Look at the run directory of every started job and move the row to what it says."""
    for job in Job.objects.active().select_related("round", "project"):
        follow(job)


def follow(job: Job) -> None:
    """Move the row to what the run directory and the process say.

    They are read against the order in which the runner writes: it puts its last status, then the
    exit code, then it ends. So a process that was seen gone has left its exit code if it ever
    will, and an exit code that was seen has its status beside it.
    """
    now = timezone.now()
    run_dir = Path(job.run_dir)
    handle = _handle(job, run_dir)
    alive = handle is not None and handle.is_alive()
    code = progress.read_exit(run_dir, attempt=job.attempt)
    status = progress.read_status(run_dir)
    if status is not None and status.attempt != job.attempt:
        status = None
    if status is not None:
        _copy_progress(job, status)
    if code is not None:
        _end(job, code, status)
    elif job.cancel_requested and _stop(run_dir, handle, now):
        _finish(job, Job.State.CANCELLED, None, None, None)
    elif alive is False and _had_time_to_start(job, now):
        _lost(
            job,
            say(
                "job_process_gone",
                "The process ended without an exit code: killed, or the machine went down.",
            ),
        )
    elif _silent(job, status, alive, now):
        if handle is not None:
            handle.kill()
        _lost(
            job,
            say(
                "job_silent",
                "No heartbeat for {seconds} s; the process was ended.",
                seconds=HEARTBEAT_LIMIT.seconds,
            ),
        )


def _copy_progress(job: Job, status: progress.Status) -> None:
    beat = datetime.fromisoformat(status.heartbeat_at) if status.heartbeat_at else None
    if (job.step, job.total, job.heartbeat_at) == (status.step, status.total, beat):
        return
    moved = job.step != status.step or job.state == Job.State.STARTING
    Job.objects.filter(pk=job.pk, attempt=job.attempt).exclude(state__in=Job.ENDED).update(
        state=Job.State.RUNNING, step=status.step, total=status.total, heartbeat_at=beat
    )
    if moved:
        happened("job.moved" if job.state == Job.State.STARTING else "job.measured", job)


def _end(job: Job, code: int, status: progress.Status | None) -> None:
    error = _failure(status.error) if status and status.error else None
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


def _failure(error: progress.JobError) -> Failure:
    return {"class": error["class"], "text": error["text"], "sentence": None}


def _finish(
    job: Job,
    state: Job.State,
    code: int | None,
    error: Failure | None,
    result: progress.JobResult | None,
) -> None:
    with transaction.atomic():
        moved = Job.objects.filter(pk=job.pk, attempt=job.attempt, state__in=_ACTIVE).update(
            state=state, exit_code=code, error=error, result=result, finished_at=timezone.now()
        )
        if moved:
            happened("job.failed" if state == Job.State.FAILED else "job.moved", job)


def _again(
    job: Job,
    code: int | None,
    error: Failure | None,
    *,
    spec_: dict[str, object] | None = None,
) -> None:
    """Queue the next attempt with back-off (2, 4, 8 ... s), or fail after the last."""
    if job.attempt >= job.max_attempts:
        _finish(job, Job.State.FAILED, code, error, None)
        return
    moved = Job.objects.filter(pk=job.pk, attempt=job.attempt, state__in=_ACTIVE).update(
        state=Job.State.QUEUED,
        attempt=job.attempt + 1,
        spec=spec_ or job.spec,
        exit_code=code,
        error=error,
        handle="",
        not_before=timezone.now() + timedelta(seconds=2**job.attempt),
    )
    if moved:
        happened("job.moved", job)


_ACTIVE = (Job.State.STARTING, Job.State.RUNNING)


def _lost(job: Job, sentence: Sentence) -> None:
    logger.warning("job %s (%s), attempt %d is lost: %s", job.key, job.pk, job.attempt, sentence)
    _again(job, None, {"class": "Lost", "text": str(sentence), "sentence": sentence.to_json()})


def _handle(job: Job, run_dir: Path) -> Handle | None:
    """The started process; found by its own traces when the worker died before it noted it."""
    if not job.handle:
        return launcher().find(run_dir, attempt=job.attempt)
    try:
        return launcher().read(job.handle)
    except ValueError:  # of another launcher: the installation has changed
        return None


def _had_time_to_start(job: Job, now: datetime) -> bool:
    return bool(job.handle) or (job.started_at is not None and now - job.started_at > START_LIMIT)


def _silent(job: Job, status: progress.Status | None, alive: bool | None, now: datetime) -> bool:
    """Whether the heartbeat stopped, or never came of a process that cannot be seen from here."""
    if status is not None:
        return status.age_seconds(now) > HEARTBEAT_LIMIT.total_seconds()
    return alive is None and (job.started_at is None or now - job.started_at > HEARTBEAT_LIMIT)


def _stop(run_dir: Path, handle: Handle | None, now: datetime) -> bool:
    """Ask for a clean stop; True when that was asked long ago and the process is ended now."""
    stop = run_dir / "stop"
    if not stop.exists():
        progress.request_stop(run_dir)
        return False
    if now.timestamp() - stop.stat().st_mtime <= STOP_LIMIT.total_seconds():
        return False
    if handle is not None:
        handle.kill()
    return True
