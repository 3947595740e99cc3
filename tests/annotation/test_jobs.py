from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from annotation.errors import Conflict, InvalidInput
from annotation.models import Dataset, Job
from annotation.services import datasets, jobs
from tests.annotation.cycle import leave_run_directory, run
from training.contract import progress

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
    assert job.error["text"] == "row 3 has no prompt"


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
    Job.objects.filter(pk=job.pk).update(state="running", handle=f"{jobs.socket.gethostname()}:1")
    Path(job.run_dir).mkdir(parents=True)
    job.refresh_from_db()

    jobs.follow(job)

    job.refresh_from_db()
    assert (job.state, job.attempt) == ("queued", 2)
    assert job.error["class"] == "Lost"


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
