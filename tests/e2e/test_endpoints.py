"""Servers that are no mock, as they are: what a run does when they say no, and how much it sends at most."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psutil
import pytest
from commands import Plan, Run, command, environment, run_until
from raw_server import OK, answer, raw_server
from saved_runs import saved

from wiretax.channels.endpoint import DEMO
from wiretax.channels.limits import Limits
from wiretax.mock.certificate import MockTls
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock

PLAN = """\
schema = 1
name = "small"
rounds = {rounds}
slice = "30ms"
users = 4
timeout = "{timeout}"
[[workload]]
api = "{api}"
payload_bytes = 10
"""
AWAY = "http://k:hidden@192.0.2.1/apps/1"


@pytest.fixture
def small(tmp_path: Path) -> Plan:
    def write(rounds: int = 2, api: str = "trigger", timeout: str = "2s") -> str:
        path = tmp_path / "small.toml"
        size = "batch_size = 10\n" if api == "batch" else "channels = 10\n" if api == "multi_trigger" else ""
        path.write_text(PLAN.format(rounds=rounds, api=api, timeout=timeout) + size)
        return str(path)

    return write


@pytest.fixture
def secure_url(tmp_path: Path) -> Iterator[tuple[str, str]]:
    authority = tmp_path / "ca.pem"
    with embedded_mock(Limits(), CostModel(), MockTls("ecdsa", authority)) as mock:
        yield f"https://{DEMO.key}:{DEMO.secret}@127.0.0.1:{mock.port}/apps/{DEMO.app_id}", str(authority)


def test_a_run_sends_to_the_limit_and_not_one_message_more(
    run: Run, small: Plan, tmp_path: Path, secure_url: tuple[str, str]
) -> None:
    url, authority = secure_url
    plan = small(rounds=10_000, api="multi_trigger")
    done = run("run", plan, "--ca", authority, "--max-messages", "329", PUSHER_URL=url)
    result = saved(tmp_path)
    # A trigger to ten channels counts ten.
    assert (result.server["messages"], result.server["events"]) == (320, 32)
    assert result.meta["budget"] == {"max_messages": 329, "messages": 320, "spent": True}
    assert "stopped at the limit: 320 of 329 messages (--max-messages)" in done.stdout
    assert result.meta["reconcile"]["agrees"]


def test_rounds_that_were_whole_before_the_limit_are_measured(run: Run, small: Plan, tmp_path: Path) -> None:
    done = run("run", small(rounds=10_000, api="batch"), "--max-messages", "100007")
    assert done.returncode == 0, done.stdout + done.stderr
    result = saved(tmp_path)
    assert result.server["messages"] == 100_000
    assert result.meta["valid"]
    assert result.meta["rounds_measured"] > 0
    # The slice that was cut is in the totals and in no row.
    in_rows = int(result.slices[["events", "boundary_events"]].sum().sum())
    assert in_rows + result.meta["parts"]["aside"]["events"] == 100_000


def test_a_limit_below_one_call_is_a_usage_error(run: Run, small: Plan) -> None:
    done = run("run", small(api="batch"), "--max-messages", "19")
    assert done.returncode == 2
    assert "--max-messages 19: expected 20 or more" in done.stderr


def test_what_will_be_sent_elsewhere_is_said_and_refused_without_a_terminal(run: Run, tmp_path: Path) -> None:
    done = run("run", "quick", "--endpoint", AWAY)
    assert done.returncode == 2
    assert "at most 10,000 messages (--max-messages)" in done.stderr
    assert "MB of HTTP" in done.stderr
    assert "so it will stop early" in done.stderr
    assert "add --yes if you mean it" in done.stderr
    assert "hidden" not in done.stderr
    assert not (tmp_path / "results").exists()


def test_on_a_terminal_it_is_asked_and_no_is_no(tmp_path: Path) -> None:
    theirs, ours = pty.openpty()
    process = subprocess.Popen(
        command("run", "remote", "--endpoint", AWAY),
        cwd=tmp_path,
        env=environment(TERM="dumb"),
        stdin=ours,
        stderr=ours,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(ours)
    said = _read_until(theirs, "[y/N]")
    os.write(theirs, b"n\n")
    said += _read_until(theirs, "nothing was sent")
    assert process.wait(120) == 2
    os.close(theirs)
    assert "hidden" not in said


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _read_until(terminal: int, words: str) -> str:
    said = ""
    while words not in said:
        ready, _, _ = select.select([terminal], [], [], 120)
        assert ready, said
        said += os.read(terminal, 4096).decode()
    return said


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        ("401 Unauthorized", b"Timestamp expired", "answered 401: Timestamp expired; set this machine's clock"),
        ("404 Not Found", b"The app 1 could not be found.", "could not be found; check the app id in the URL"),
        # soketi's way to say the same.
        ("200 OK", b'{"error":"The app is disabled","code":403}', "answered 403: The app is disabled"),
    ],
)
def test_a_run_stops_where_going_on_is_of_no_use(
    run: Run, small: Plan, tmp_path: Path, status: str, body: bytes, says: str
) -> None:
    no = answer(status, body, "Content-Type: text/plain")
    with raw_server(lambda _, number: OK if number <= 50 else no) as server:
        done = run("run", small(rounds=10_000), "--endpoint", server.url())
    assert done.returncode == 5, done.stdout + done.stderr
    assert says in done.stdout
    # What four users had on its way, and no more.
    assert 50 < len(server.requests) <= 50 + 4
    result = saved(tmp_path)
    assert not result.meta["valid"]
    assert result.meta["reconcile"]["agrees"]
    total = result.meta["parts"]["total"]
    assert total["events"] + total["failures"] == len(server.requests) == total["requests"]


REJECTED = """\
schema = 1
name = "rejected"
rounds = 6
slice = "30ms"
users = 2
[limits]
batch_size = 20
[[workload]]
api = "trigger"
payload_bytes = 10
[[workload]]
api = "batch"
batch_size = [20, 10]
payload_bytes = 10
[[workload]]
api = "batch"
batch_size = 20
payload_bytes = 10
rate = "2000/s"
linger = "1ms"
"""
BOTH_SIZES = """\
schema = 1
[[check]]
id = "bytes"
metric = "http.request.size.per_event"
where = { api = "batch" }
max = 1000
"""


def test_workloads_that_the_server_rejects_are_named_and_skipped_and_the_rest_is_measured(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "plan.toml").write_text(REJECTED)
    (tmp_path / "gates.toml").write_text(BOTH_SIZES)
    with embedded_mock(Limits(), CostModel()) as mock:
        url = f"http://{DEMO.key}:{DEMO.secret}@127.0.0.1:{mock.port}/apps/{DEMO.app_id}"
        done = run("run", "plan.toml", "--gates", "gates.toml", PUSHER_URL=url)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "Warning" not in done.stderr
    result = saved(tmp_path)
    assert result.meta["valid"]
    queued = "batch20-10B-chat-reference-2000ps-poisson-2pub-linger1ms"
    said = "20 events in one batch, expected 1 to 10"
    assert [(row["workload"], row["status"], row["message"]) for row in result.meta["skipped"]] == [
        ("batch20-10B-chat-reference", 400, said),
        (queued, 400, said),
    ]
    for name in ("batch20-10B-chat-reference", queued):
        assert f"warning  {name} was skipped: the endpoint answered 400: {said}" in done.stdout
    assert set(result.slices["workload"]) == {"trigger-10B-chat-reference", "batch10-10B-chat-reference"}
    assert result.queue.empty
    # One call each, and no more.
    assert result.failures["count"].to_list() == [1, 1]
    cases = {case["workload"]: case for case in json.loads((result.folder / "gate.json").read_text())["cases"]}
    assert cases["batch10-10B-chat-reference"]["verdict"] == "pass"
    assert cases["batch20-10B-chat-reference"]["verdict"] == "fail"
    assert said in cases["batch20-10B-chat-reference"]["message"]


def test_where_the_server_asks_to_wait_all_users_do_and_no_rate_has_it(
    run: Run, small: Plan, tmp_path: Path
) -> None:
    slow_down = answer("429 Too Many Requests", b"rate limited", "Retry-After: 2")
    with raw_server(lambda _, number: slow_down if number == 60 else OK) as server:
        done = run("run", small(rounds=6), "--endpoint", server.url())
    assert done.returncode == 0, done.stdout + done.stderr
    result = saved(tmp_path)
    paused = result.meta["paused"]
    assert paused["times"] == 1
    assert 1.9 <= paused["waited_s"] < 5
    assert "asked to wait (429), once" in done.stdout
    # Every slice came, none with the wait in it, and the one that was cut was measured anew.
    assert len(result.slices) == 6
    assert result.slices["duration_s"].max() < 1.9
    assert result.slices["failures"].sum() == 0
    assert set(result.failures["status"]) == {429}
    total = result.meta["parts"]["total"]
    assert total["events"] + total["failures"] == len(server.requests)


@pytest.mark.parametrize("processes", [(), ("--processes", "2")], ids=["alone", "workers"])
def test_a_limit_that_a_workload_meets_later_ends_it_and_the_other_goes_on(
    run: Run, small: Plan, tmp_path: Path, processes: tuple[str, ...]
) -> None:
    """soketi's way: 413 in the body of a 200."""
    too_large = answer("200 OK", b'{"error":"The event data is too large","code":413}')
    batches = count()

    def reply(request: bytes, _: int) -> bytes:
        # Enough for the calls before the run, and on most machines for some rounds.
        return too_large if b"/batch_events" in request and next(batches) >= 500 else OK

    plan = Path(small(rounds=40, api="batch"))
    plan.write_text(plan.read_text() + '[[workload]]\napi = "trigger"\npayload_bytes = 10\n')
    with raw_server(reply) as server:
        done = run("run", str(plan), "--endpoint", server.url(), *processes)
    assert done.returncode == 0, done.stdout + done.stderr
    result = saved(tmp_path)
    [skipped] = result.meta["skipped"]
    assert (skipped["api"], skipped["status"], skipped["kind"]) == ("batch", 413, "error_body")
    rounds = result.slices.groupby("api")["round"].nunique()
    assert rounds["trigger"] == 40
    assert rounds.get("batch", 0) == skipped["after_round"] + 1 < 40
    assert result.meta["valid"]
    told = " after round" in done.stdout and "its gain is of the rounds up to then" in done.stdout
    assert told is (skipped["after_round"] >= 0)
    assert "a limit on the size of an event or of a request; lower payload_bytes" in " ".join(done.stdout.split())


def test_a_server_that_never_ends_an_answer_costs_a_timeout_and_not_the_run(
    run: Run, small: Plan, tmp_path: Path
) -> None:
    """soketi's odd case: a head, and never a body."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n"
    with raw_server(lambda _, number: head if number % 10 == 0 else OK) as server:
        done = run("run", small(timeout="1s"), "--endpoint", server.url())
    assert done.returncode == 0, done.stdout + done.stderr
    result = saved(tmp_path)
    total = result.meta["parts"]["total"]
    assert set(result.failures["kind"]) == {"timeout"}
    assert total["unfinished"] == total["failures"] == len(server.requests) // 10
    assert total["events"] + total["failures"] == len(server.requests)


def test_no_process_of_a_runs_shows_a_secret(plan: Plan, tmp_path: Path) -> None:
    url = f"http://{DEMO.key}:not-for-others@127.0.0.1:9/apps/1"
    process = run_until("round 0 of", plan(rounds=1000), cwd=tmp_path, real=True, PUSHER_URL_UNUSED=url)
    try:
        parent = psutil.Process(process.pid)
        titles = [" ".join(each.cmdline()) for each in (parent, *parent.children(recursive=True))]
    finally:
        process.terminate()
        process.communicate(timeout=120)
    assert len(titles) >= 2  # the mock is one of its own
    assert not [title for title in titles if DEMO.secret in title or "not-for-others" in title]


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "http://k:hidden@h/apps/1"],
        ["doctor", "http://k:hidden@h/apps/1"],
        ["run", "--endpoint", "http://k:hidden@h:port/apps/1"],
        ["run", "--endpoint", "http://:hidden@h/apps/1"],
        ["doctor", "--endpoint", "http://k:hidden@[h/apps/1"],
    ],
)
def test_a_secret_in_the_wrong_place_is_not_repeated(run: Run, arguments: list[str]) -> None:
    done = run(*arguments, WIRETAX_DEBUG="1")
    assert done.returncode == 2
    assert "hidden" not in done.stdout + done.stderr
    assert done.stderr.count("\n") == 1
