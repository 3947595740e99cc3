import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from annotation.errors import Conflict, InvalidInput
from annotation.models import Dataset, Event, Job
from annotation.services import datasets, jobs
from tests.annotation.cycle import leave_run_directory, run
from training.contract import progress
from training.launch.process import Process

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(project, tmp_path, settings):
    settings.STORAGE_DIR = tmp_path
    rows = datasets.freeze_rows(
        project,
        kind=Dataset.Kind.TEXT,
        rows=[{"messages": [{"role": "user", "content": "Hi?"}]}],
    )
    return jobs.queue_job(
        project,
        round=None,
        key="base",
        method="pretrain",
        dataset=rows,
        settings_={"batch_size": 8, "micro_batch_size": 4},
    )


def test_a_bad_setting_is_refused_before_a_job_exists(project, job):
    with pytest.raises(InvalidInput, match="did you mean epochs"):
        jobs.queue_job(
            project,
            round=None,
            key="other",
            method="pretrain",
            dataset=Dataset.objects.get(),
            settings_={"epoch": 1},
        )

    assert Job.objects.count() == 1


def test_success_keeps_the_result(job):
    run(job, result={"metrics": {"loss": 1.5}, "outputs": {"final": "final", "digest": "x"}})

    assert job.state == "succeeded"
    assert job.result["metrics"] == {"loss": 1.5}
    assert (job.step, job.total) == (3, 3)


def test_bad_input_fails_at_once_with_the_sentence(job):
    run(job, code=2, error={"class": "SpecError", "text": "row 3 has no prompt"})

    assert (job.state, job.attempt) == ("failed", 1)
    assert job.error == {"class": "SpecError", "text": "row 3 has no prompt", "sentence": None}
    assert Event.objects.get(action="job.failed").object_id == job.pk


def test_out_of_memory_is_retried_with_half_the_rows_per_pass(job):
    run(job, code=3, error={"class": "OutOfMemoryError", "text": "16 GiB"})

    assert (job.state, job.attempt) == ("queued", 2)
    assert job.spec["settings"]["micro_batch_size"] == 2
    assert job.spec["settings"]["batch_size"] == 8


def test_other_failures_back_off_and_end(job):
    for attempt in range(1, job.max_attempts):
        run(job, code=1, error={"class": "OSError", "text": "disk"})
        assert (job.state, job.attempt) == ("queued", attempt + 1)
        assert job.not_before > timezone.now() + timedelta(seconds=2**attempt - 1)

    run(job, code=1, error={"class": "OSError", "text": "disk"})

    assert job.state == "failed"
    assert job.error["text"] == "disk"


def test_the_exit_of_an_earlier_attempt_does_not_count(job):
    leave_run_directory(job, code=1)
    Job.objects.filter(pk=job.pk).update(
        state="running", attempt=2, started_at=timezone.now(), handle=""
    )
    job.refresh_from_db()

    jobs.follow(job)

    job.refresh_from_db()
    assert (job.state, job.attempt) == ("running", 2)


def test_a_process_gone_without_a_word_is_queued_again(job):
    # Its pid has come round: this very process has it now.
    gone = replace(Process.of(os.getpid()), started=1.0)
    Job.objects.filter(pk=job.pk).update(state="running", handle=str(gone))
    Path(job.run_dir).mkdir(parents=True)
    job.refresh_from_db()

    jobs.follow(job)

    job.refresh_from_db()
    assert (job.state, job.attempt) == ("queued", 2)
    assert job.error["class"] == "Lost"
    assert job.error["sentence"]["code"] == "job_process_gone"


def test_a_running_process_is_left_alone(job):
    Job.objects.filter(pk=job.pk).update(state="running", handle=str(Process.of(os.getpid())))
    Path(job.run_dir).mkdir(parents=True)
    job.refresh_from_db()

    jobs.follow(job)

    job.refresh_from_db()
    assert (job.state, job.attempt) == ("running", 1)


def test_a_process_of_another_machine_is_judged_by_its_heartbeat(job):
    Job.objects.filter(pk=job.pk).update(
        state="running", handle="elsewhere:7:1.00", started_at=timezone.now()
    )
    run_dir = _made(job)
    job.refresh_from_db()
    jobs.follow(job)
    job.refresh_from_db()
    assert job.state == "running"

    beat = timezone.now() - 2 * jobs.HEARTBEAT_LIMIT
    progress.write_status(
        run_dir, progress.Status(state="running", heartbeat_at=beat.isoformat(), attempt=1)
    )
    jobs.follow(job)

    job.refresh_from_db()
    assert (job.state, job.attempt) == ("queued", 2)
    assert job.error["sentence"] == {
        "code": "job_silent",
        "params": {"seconds": 90},
        "text": "No heartbeat for 90 s; the process was ended.",
    }


def test_a_status_cut_by_a_power_failure_is_as_good_as_none(job):
    Job.objects.filter(pk=job.pk).update(state="running", handle=str(Process.of(os.getpid())))
    (_made(job) / "status.json").write_text("")
    job.refresh_from_db()

    jobs.follow(job)

    job.refresh_from_db()
    assert job.state == "running"


def test_a_job_that_cannot_be_started_is_tried_again_later(job):
    (_made(job) / "log.txt").mkdir()  # nothing can be written there

    assert jobs.start_queued_jobs() == 1

    job.refresh_from_db()
    assert (job.state, job.attempt) == ("queued", 2)
    assert job.error["sentence"]["code"] == "job_not_started"
    assert job.not_before > timezone.now()


def test_a_worker_killed_before_it_saved_the_handle_leaves_time_to_start(job):
    Job.objects.filter(pk=job.pk).update(state="starting", started_at=timezone.now(), handle="")
    job.refresh_from_db()

    jobs.follow(job)
    job.refresh_from_db()
    assert job.state == "starting"

    Job.objects.filter(pk=job.pk).update(started_at=timezone.now() - 2 * jobs.START_LIMIT)
    job.refresh_from_db()
    jobs.follow(job)
    job.refresh_from_db()
    assert (job.state, job.attempt) == ("queued", 2)


def test_a_job_is_claimed_while_there_is_a_slot(job, settings, monkeypatch):
    started = []
    monkeypatch.setattr(jobs, "launch", lambda one: started.append(one.pk))
    settings.JOB_SLOTS = 1

    assert jobs.start_queued_jobs() == 1
    assert jobs.start_queued_jobs() == 0

    job.refresh_from_db()
    assert job.state == "starting"
    assert started == [job.pk]


def test_cancelling_a_queued_job_ends_it_and_retrying_queues_it(job, alice):
    jobs.cancel_job(job, by=alice)
    assert job.state == "cancelled"
    with pytest.raises(Conflict):
        jobs.cancel_job(job, by=alice)

    progress.request_stop(_made(job))
    jobs.retry_job(job, by=alice)

    assert (job.state, job.attempt) == ("queued", 2)
    assert not progress.stop_requested(job.run_dir)


def test_a_running_job_is_asked_to_stop_and_its_143_is_a_cancellation(job, alice):
    run_dir = _made(job)
    Job.objects.filter(pk=job.pk).update(state="running")
    job.refresh_from_db()
    jobs.cancel_job(job, by=alice)
    assert job.state == "running"

    leave_run_directory(job, code=143)
    jobs.follow(job)

    job.refresh_from_db()
    assert job.state == "cancelled"
    assert run_dir.exists()


def _made(job):
    run_dir = Path(job.run_dir)
    run_dir.mkdir(parents=True, exist_ok=True)
    return run_dir
