"""Durable jobs: order, results, failures, cancelling, retrying, listing; on both databases."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import ConfigurationError, InvalidInput, NotFound, NotReadable, Unavailable
from core.jobs.progress import report
from core.jobs.records import JobState, State, Step
from core.jobs.service import Jobs, system_database_url

TIMEOUT_S = 30.0


@pytest.fixture
def jobs(database_url: str) -> Iterator[Jobs]:
    jobs = Jobs(system_database_url(database_url), concurrency=2, poll_s=0.02)
    yield jobs
    jobs.shutdown(timeout_s=10)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def add_one(state: State) -> State:
    return {"n": int(str(state["n"])) + 1}


def double(state: State) -> State:
    return {"n": int(str(state["n"])) * 2}


def test_steps_run_in_order_and_the_last_gives_the_result(jobs: Jobs) -> None:
    jobs.register("arithmetic", (add_one, double, Step("again", double)))
    jobs.launch()
    job = jobs.wait(jobs.enqueue("arithmetic", {"n": 1}, key="a"), TIMEOUT_S)
    assert (job.state, job.result, job.error) == (JobState.DONE, {"n": 8}, None)
    assert job.steps == ("add_one", "double", "again")
    assert (job.name, job.step, job.progress) == ("arithmetic", None, 1.0)
    assert job.created_at <= job.updated_at


def test_one_key_is_one_job(jobs: Jobs) -> None:
    runs: list[int] = []

    def count(state: State) -> State:
        runs.append(1)
        return state

    jobs.register("count", (count,))
    jobs.register("other", (count,))
    jobs.launch()
    first = jobs.enqueue("count", {"x": "ё"}, key="k")
    assert jobs.enqueue("count", {"x": "another"}, key="k") == first
    assert jobs.wait(first, TIMEOUT_S).result == {"x": "ё"}
    assert jobs.enqueue("count", {}, key="k") == first
    assert jobs.enqueue("other", {}, key="k") != first
    assert jobs.wait(jobs.enqueue("other", {}, key="k"), TIMEOUT_S).state is JobState.DONE
    assert len(runs) == 2


def test_progress_is_seen_while_a_step_runs(jobs: Jobs) -> None:
    go_on = threading.Event()

    def slow(state: State) -> State:
        report(0.5)
        assert go_on.wait(TIMEOUT_S)
        return state

    jobs.register("slow", (add_one, slow))
    jobs.launch()
    job_id = jobs.enqueue("slow", {"n": 0}, key="s")
    until(lambda: jobs.job(job_id).progress == 0.75)
    job = jobs.job(job_id)
    assert (job.state, job.step, job.result) == (JobState.RUNNING, "slow", None)
    go_on.set()
    assert jobs.wait(job_id, TIMEOUT_S).progress == 1.0


def test_reporting_outside_a_job_does_nothing() -> None:
    report(0.3)


def test_our_errors_keep_their_words(jobs: Jobs) -> None:
    def read(state: State) -> State:
        raise NotReadable("page 3 is torn", advice="scan it again")

    jobs.register("read", (add_one, read, double))
    jobs.launch()
    job = jobs.wait(jobs.enqueue("read", {"n": 1}, key="r"), TIMEOUT_S)
    assert job.error is not None
    assert (job.state, job.step) == (JobState.FAILED, "read")
    assert (job.error.code, job.error.detail, job.error.advice) == ("not-readable", "page 3 is torn", "scan it again")
    assert job.progress == pytest.approx(1 / 3)


def test_other_errors_show_and_log_nothing_of_their_text(jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    def burst(state: State) -> State:
        raise RuntimeError("IVANOV 870101300123")

    jobs.register("burst", (burst,))
    with caplog.at_level(logging.DEBUG):
        jobs.launch()
        job = jobs.wait(jobs.enqueue("burst", {}, key="b"), TIMEOUT_S)
        jobs.shutdown()
    assert job.error is not None
    assert job.error.code == "internal-error"
    assert "870101300123" not in repr(job) + caplog.text
    assert "test_jobs.py" in caplog.text  # where it was raised is there


def test_a_state_that_is_not_json_is_refused(jobs: Jobs) -> None:
    jobs.register("arithmetic", (add_one,))
    jobs.launch()
    with pytest.raises(InvalidInput):
        jobs.enqueue("arithmetic", {"n": object()}, key="a")
    assert jobs.jobs().jobs == ()


def test_a_step_that_returns_no_json_fails_its_job(jobs: Jobs) -> None:
    jobs.register("wrong", (lambda state: {"x": {1, 2}},))
    jobs.launch()
    job = jobs.wait(jobs.enqueue("wrong", {}, key="w"), TIMEOUT_S)
    assert (job.state, job.error.code if job.error else "") == (JobState.FAILED, "internal-error")


def test_what_may_pass_is_tried_again(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.jobs.service._FIRST_RETRY_S", 0.01)
    tries: list[int] = []

    def flaky(state: State) -> State:
        tries.append(1)
        if len(tries) < 3:
            raise Unavailable("the index does not answer", advice="wait")
        return state

    def never(state: State) -> State:
        raise Unavailable("the index does not answer", advice="wait")

    jobs.register("flaky", (flaky,))
    jobs.register("never", (never,))
    jobs.launch()
    assert jobs.wait(jobs.enqueue("flaky", {}, key="f"), TIMEOUT_S).state is JobState.DONE
    failed = jobs.wait(jobs.enqueue("never", {}, key="n"), TIMEOUT_S)
    assert failed.error is not None
    assert (failed.state, failed.error.code, failed.error.advice) == (JobState.FAILED, "unavailable", "wait")


def test_retry_goes_on_at_the_step_that_failed(jobs: Jobs) -> None:
    ran: list[str] = []
    mended = threading.Event()

    def first(state: State) -> State:
        ran.append("first")
        return {"n": 1}

    def second(state: State) -> State:
        ran.append("second")
        if not mended.is_set():
            raise NotReadable("no", advice="mend it")
        return {"n": int(str(state["n"])) + 1}

    jobs.register("mend", (first, second))
    jobs.launch()
    job_id = jobs.enqueue("mend", {}, key="m")
    assert jobs.wait(job_id, TIMEOUT_S).state is JobState.FAILED
    mended.set()
    assert jobs.retry(job_id).state in (JobState.QUEUED, JobState.RUNNING)
    done = jobs.wait(job_id, TIMEOUT_S)
    assert (done.state, done.result, done.error) == (JobState.DONE, {"n": 2}, None)
    assert ran == ["first", "second", "second"]
    assert jobs.retry(job_id) == done


def test_a_cancelled_job_stops_at_its_next_report_and_can_be_retried(jobs: Jobs) -> None:
    cleaned, started, let_go = threading.Event(), threading.Event(), threading.Event()

    def endless(state: State) -> State:
        started.set()
        try:
            while not let_go.is_set():
                report(0.1)
                time.sleep(0.01)
        finally:
            cleaned.set()
        return state

    jobs.register("endless", (add_one, endless, double))
    jobs.launch()
    job_id = jobs.enqueue("endless", {"n": 1}, key="e")
    assert started.wait(TIMEOUT_S)
    assert jobs.cancel(job_id).state is JobState.CANCELLED
    assert cleaned.wait(TIMEOUT_S)
    assert jobs.cancel(job_id).state is JobState.CANCELLED
    let_go.set()
    jobs.retry(job_id)
    assert jobs.wait(job_id, TIMEOUT_S).result == {"n": 4}


def test_a_queued_job_is_cancelled_before_it_runs(jobs: Jobs) -> None:
    ran: list[State] = []
    jobs = Jobs(jobs._url.render_as_string(hide_password=False), work=False)
    jobs.register("late", (lambda state: ran.append(state) or state,))
    jobs.launch()
    job_id = jobs.enqueue("late", {}, key="l")
    assert jobs.job(job_id).state is JobState.QUEUED
    assert jobs.cancel(job_id).state is JobState.CANCELLED
    jobs.shutdown()
    assert ran == []


def test_no_more_jobs_run_at_once_than_set(jobs: Jobs) -> None:
    lock, now, most = threading.Lock(), [0], [0]

    def busy(state: State) -> State:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.1)
        with lock:
            now[0] -= 1
        return state

    jobs.register("busy", (busy,))
    jobs.launch()
    ids = [jobs.enqueue("busy", {}, key=str(n)) for n in range(7)]
    assert {jobs.wait(job_id, TIMEOUT_S).state for job_id in ids} == {JobState.DONE}
    assert most[0] == 2


def test_pages_hold_every_job_once_the_newest_first(jobs: Jobs) -> None:
    jobs.register("arithmetic", (add_one,))
    jobs.launch()
    ids = {jobs.enqueue("arithmetic", {"n": n}, key=str(n)) for n in range(7)}
    seen, cursor, moments = [], None, []
    while True:
        page = jobs.jobs(limit=2, cursor=cursor)
        seen += [job.id for job in page.jobs]
        moments += [job.created_at for job in page.jobs]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(seen) == len(ids) == 7
    assert set(seen) == ids
    assert moments == sorted(moments, reverse=True)
    with pytest.raises(InvalidInput):
        jobs.jobs(cursor="'; DROP TABLE")


def test_a_job_interrupted_by_shutdown_goes_on_after_launch(jobs: Jobs) -> None:
    ran: list[str] = []
    resumed, started = threading.Event(), threading.Event()

    def first(state: State) -> State:
        ran.append("first")
        return state

    def long(state: State) -> State:
        ran.append("long")
        started.set()
        while not resumed.is_set():
            report(0.1)
            time.sleep(0.01)
        return {"ok": True}

    jobs.register("long", (first, long))
    jobs.launch()
    job_id = jobs.enqueue("long", {}, key="l")
    assert started.wait(TIMEOUT_S)
    jobs.shutdown()
    resumed.set()
    jobs.launch()
    assert jobs.wait(job_id, TIMEOUT_S).result == {"ok": True}
    assert ran == ["first", "long", "long"]


def test_a_step_abandoned_at_shutdown_runs_again_and_its_late_end_changes_nothing(jobs: Jobs) -> None:
    starts: list[threading.Event] = [threading.Event(), threading.Event()]
    ends = [threading.Event(), threading.Event()]
    runs: list[int] = []

    def deaf(state: State) -> State:
        run = len(runs)
        runs.append(run)
        starts[run].set()
        assert ends[run].wait(TIMEOUT_S)
        return {"run": run}

    jobs.register("deaf", (deaf, lambda state: state))
    jobs.launch()
    job_id = jobs.enqueue("deaf", {}, key="d")
    assert starts[0].wait(TIMEOUT_S)
    jobs.shutdown(timeout_s=0.1)
    jobs.launch()
    assert starts[1].wait(TIMEOUT_S)
    ends[0].set()
    time.sleep(0.3)
    assert jobs.job(job_id).state is JobState.RUNNING
    ends[1].set()
    assert jobs.wait(job_id, TIMEOUT_S).result == {"run": 1}


def test_a_job_interrupted_too_often_is_failed_until_retried(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.jobs.service._MOST_CRASHES", 1)
    harmless, started = threading.Event(), threading.Event()

    def heavy(state: State) -> State:
        started.set()
        while not harmless.is_set():
            report(0.1)
            time.sleep(0.01)
        return {"ok": True}

    jobs.register("heavy", (heavy,))
    jobs.launch()
    job_id = jobs.enqueue("heavy", {}, key="h")
    for _ in range(2):
        assert started.wait(TIMEOUT_S)
        jobs.shutdown()
        started.clear()
        jobs.launch()
    failed = jobs.wait(job_id, TIMEOUT_S)
    assert failed.error is not None
    assert (failed.state, failed.error.code) == (JobState.FAILED, "internal-error")
    assert "again and again" in failed.error.detail
    harmless.set()
    jobs.retry(job_id)
    assert jobs.wait(job_id, TIMEOUT_S).result == {"ok": True}


def test_a_step_unknown_to_this_version_is_named(jobs: Jobs, database_url: str) -> None:
    old = Jobs(system_database_url(database_url), work=False)
    old.register("changed", (add_one, Step("gone", double)))
    old.launch()
    job_id = old.enqueue("changed", {"n": 1}, key="c")
    old.shutdown()
    jobs.register("changed", (add_one,))
    jobs.launch()
    job = jobs.wait(job_id, TIMEOUT_S)
    assert job.error is not None
    assert (job.state, job.error.code) == (JobState.FAILED, "configuration-error")
    assert "gone" in job.error.detail


def test_a_clean_run_says_nothing(
    jobs: Jobs, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    jobs.register("arithmetic", (add_one,))
    jobs.launch()
    assert jobs.wait(jobs.enqueue("arithmetic", {"n": 1}, key="a"), TIMEOUT_S).state is JobState.DONE
    jobs.shutdown()
    assert capfd.readouterr() == ("", "")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_launching_and_stopping_again_and_again_leaves_no_thread(jobs: Jobs) -> None:
    jobs.register("arithmetic", (add_one,))
    before = set(threading.enumerate())
    for n in range(3):
        jobs.launch()
        assert jobs.wait(jobs.enqueue("arithmetic", {"n": n}, key=str(n)), TIMEOUT_S).result == {"n": n + 1}
        jobs.shutdown()
    until(lambda: set(threading.enumerate()) <= before)


def test_misuse_is_named(jobs: Jobs, database_url: str) -> None:
    jobs.register("arithmetic", (add_one,))
    with pytest.raises(ConfigurationError):
        jobs.register("arithmetic", (add_one,))
    with pytest.raises(ConfigurationError):
        jobs.enqueue("arithmetic", {}, key="a")
    jobs.shutdown()
    jobs.launch()
    with pytest.raises(ConfigurationError):
        Jobs(system_database_url(database_url)).launch()
    with pytest.raises(ConfigurationError):
        jobs.register("late", (add_one,))
    with pytest.raises(ConfigurationError):
        jobs.enqueue("unknown", {}, key="a")
    for act in (jobs.job, jobs.cancel, jobs.retry):
        with pytest.raises(NotFound):
            act("no such job")
    with pytest.raises(ValueError, match="names of their own"):
        Jobs(system_database_url(database_url)).register("twice", (add_one, add_one))


def test_a_database_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    jobs = Jobs(f"postgresql://nobody@/none?host={tmp_path}")
    with pytest.raises(Unavailable):
        jobs.launch()
    jobs.shutdown()
