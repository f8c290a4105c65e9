"""Masters that die, ports at which anything arrives, workers that are stopped or alone: how they end."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgpack
import psutil
import pytest
import zmq
from commands import Plan, free_port
from locust_process import LOCUSTFILE, PLANFILE, following, forked, locust, own_port, wait_for
from saved_runs import saved

from wiretax.channels.endpoint import DEMO
from wiretax.channels.limits import Limits
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock

# Locust gives up a silent worker sooner, and the parent a stopped one.
SOON = """
import locust.runners
import wiretax.load.cluster.resilience.forked as forked

locust.runners.HEARTBEAT_LIVENESS, locust.runners.HEARTBEAT_INTERVAL = 2, 0.5
forked.END_TIMEOUT_S = forked.STOPPED_TIMEOUT_S = 2.0
from scenarios.locustfile import *
"""
SOON_PLANFILE = """
import locust.runners

locust.runners.HEARTBEAT_LIVENESS, locust.runners.HEARTBEAT_INTERVAL = 2, 0.5
from scenarios.planfile import *
"""
# As Python does at Ctrl-C, while the mock starts.
INTERRUPTED = """
from wiretax.load.client.mocks import Mocks

def interrupt(*_):
    raise KeyboardInterrupt

Mocks.of_plan = Mocks.of_free_run = interrupt
from scenarios.%s import *
"""
# A worker that gives up a connection sooner.
HASTY = """
import wiretax.load.cluster.resilience.master_watch as master_watch

master_watch.GRACE_S = 1.0
from scenarios.%s import *
"""
# A worker that expects five heartbeats a second.
ALERT = """
import locust.runners
import wiretax.load.cluster.resilience.silence as silence

locust.runners.HEARTBEAT_INTERVAL = silence.BEAT_S = 0.2
from scenarios.%s import *
"""
# As if another master took the port after it was tried.
TAKEN_LATER = """
import locust
import wiretax.load.cluster.resilience.before_forking as before_forking

before_forking.try_port = lambda host, port: None
"""
HUGE = bytes(65 << 20)


def lead(port: int, *more: str) -> list[str]:
    bind = ["--master-bind-host", "127.0.0.1", "--master-bind-port", str(port)]
    return ["--headless", "--master", *bind, *more]


def follow(port: int) -> list[str]:
    return ["--worker", "--master-host", "127.0.0.1", "--master-port", str(port)]


def free_run(*more: str) -> list[str]:
    return ["-u", "1", "-r", "1", *more, "TriggerUser"]


@contextmanager
def slow_endpoint() -> Iterator[str]:
    with embedded_mock(Limits(), CostModel(rtt=0.02)) as mock:
        yield f"http://{DEMO.key}:{DEMO.secret}@127.0.0.1:{mock.port}/apps/{DEMO.app_id}"


@pytest.mark.parametrize("kind", ["free run", "sweep"])
def test_workers_of_a_master_that_is_killed_end_and_say_what_they_sent(
    plan: Plan, tmp_path: Path, kind: str
) -> None:
    file, begun = (LOCUSTFILE, "All users spawned") if kind == "free run" else (PLANFILE, "round 0 of")
    more = free_run() if kind == "free run" else ["--plan", plan(rounds=1000, slice="20ms"), "-u", "1"]
    hasty = tmp_path / "hasty.py"
    hasty.write_text(HASTY % file.stem)
    port = free_port()
    with slow_endpoint() as url:
        arguments = lead(port, "--expect-workers", "1", "--endpoint", url, *more)
        with following(tmp_path, file, *arguments) as (master, lines):
            worker = locust(tmp_path, hasty, *follow(port))
            wait_for(begun, lines)
            master.send_signal(signal.SIGKILL)
            # Locust's own worker goes on for a minute.
            _, said = worker.communicate(timeout=30)
    assert worker.returncode == 5
    [line] = [line for line in said.splitlines() if "wiretax:" in line]
    assert "the master is gone, and this worker ends; it sent " in line
    assert " 0 requests" not in line
    assert "Traceback" not in said


@pytest.mark.parametrize("kind", ["free run", "sweep"])
def test_a_worker_of_a_silent_master_ends_and_a_master_that_goes_on_has_all_it_sent(
    plan: Plan, tmp_path: Path, kind: str
) -> None:
    file, more = LOCUSTFILE, free_run()
    if kind == "sweep":
        file, more = PLANFILE, ["--plan", plan(slice="60s", timeout="60s"), "-u", "1"]
    alert = tmp_path / "alert.py"
    alert.write_text(ALERT % file.stem)
    port = free_port()
    with slow_endpoint() as url, ExitStack() as ending:
        arguments = lead(port, "--expect-workers", "1", "--endpoint", url, *more)
        master, lines = ending.enter_context(following(tmp_path, file, *arguments))
        worker, worker_lines = ending.enter_context(following(tmp_path, alert, *follow(port), "-L", "DEBUG"))
        if kind == "free run":
            wait_for("All users spawned", lines)
        else:
            wait_for("Received wiretax-run-slice message", worker_lines)
        master.send_signal(signal.SIGSTOP)
        # Locust's own worker goes on for a minute.
        said = "".join(worker_lines)
        assert worker.wait(60) == 5, said
        master.send_signal(signal.SIGCONT)
        "".join(lines)
        # A free run keeps what was sent; a plan's run is short of slices.
        assert master.wait(60) == (0 if kind == "free run" else 5)
    [line] = [line for line in said.splitlines() if "ERROR" in line]
    assert "the master sent no heartbeat for 2 s, and this worker ends; it sent " in line
    meta = saved(tmp_path).meta
    assert [(each["state"], each["why"]) for each in meta["worker_states"]] == [
        ("left", "the master sent no heartbeat for 2 s")
    ]
    assert "left before the end: the master sent no heartbeat for 2 s" in " ".join(meta["warnings"])
    assert meta["reconcile"]["agrees"]
    tried = 0 if kind == "free run" else len(meta["plan"]["workloads"])  # by the master, one call each
    assert f" {meta['outcome']['sent'] - tried:,} requests" in line


def bad_messages(name: str) -> list[list[bytes]]:
    """What may arrive at a port, from a peer of this name."""
    shapes = [
        7,
        [],
        {"a": 1},
        (["stats"], {}, name),
        ("stats", {}, name),
        ("stats", {"stats": [{}], "stats_total": {}, "errors": {}, "user_classes_count": {}}, name),
        ("client_ready", 5, name),
        ("heartbeat", None, name),
        ("exception", None, name),
        ("spawning_complete", [], name),
        ("logs", 1, name),
        ("locustfile", None, name),
        ("quit", None, {"not": "a name"}),
        ("wiretax-hello", 1, "another"),
        ("nonsense", None, name),
    ]
    raw = [b"", b"\xc1", b"GET / HTTP/1.1\r\n\r\n", b"\x93", *map(msgpack.dumps, shapes)]
    return [*([each] for each in raw), [b"", b"", b""], [HUGE]]


def send(port: int, name: bytes) -> None:
    """Send bad messages, and return when the master's side has closed the connection over the last of them."""
    with zmq.Context() as context, context.socket(zmq.DEALER) as peer:
        peer.setsockopt(zmq.IDENTITY, name)
        peer.setsockopt(zmq.LINGER, 0)
        with peer.get_monitor_socket(zmq.Event.DISCONNECTED) as monitor:
            peer.connect(f"tcp://127.0.0.1:{port}")
            for frames in bad_messages(name.decode(errors="replace")):
                peer.send_multipart(frames)
            assert monitor.poll(30_000)
            peer.disable_monitor()


@pytest.mark.parametrize("kind", ["free run", "sweep"])
def test_what_is_no_message_at_the_masters_port_is_ignored_and_named_once(
    plan: Plan, tmp_path: Path, kind: str
) -> None:
    file = LOCUSTFILE if kind == "free run" else PLANFILE
    more = free_run("--max-messages", "100") if kind == "free run" else ["--plan", plan(), "-u", "1"]
    port = free_port()
    arguments = lead(port, "--expect-workers", "1", "-L", "DEBUG", *more)
    with following(tmp_path, file, *arguments) as (master, lines):
        wait_for("Waiting for workers", lines)
        for name in (b"someone", b"\xff\x00"):
            send(port, name)
        wait_for("ignored at the master's port", lines)
        worker = locust(tmp_path, file, *follow(port))
        said = "".join(lines)
        assert master.wait(60) == 0, said
        worker.communicate(timeout=30)
    assert worker.returncode == 0
    assert "ignored at the master's port" not in said
    assert "Traceback" not in said
    result = saved(tmp_path)
    assert result.meta["valid"], result.meta["invalid_because"]
    [warning] = [each for each in result.meta["warnings"] if "the master's port" in each]
    # All but the huge one, of which only the connection is seen.
    assert warning.startswith(f"{2 * (len(bad_messages('')) - 1)} messages at the master's port made no sense")
    assert [each["state"] for each in result.meta["worker_states"]] == ["finished"]


@pytest.mark.parametrize("file", [LOCUSTFILE, PLANFILE], ids=lambda file: file.stem)
def test_a_second_master_on_a_port_is_one_line_and_exit_code_2(tmp_path: Path, file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        second = locust(tmp_path, file, *lead(port, "--expect-workers", "1"))
        _, said = second.communicate(timeout=30)
    assert second.returncode == 2
    [line] = [line for line in said.splitlines() if "Starting Locust" not in line]
    assert f"a master can't listen on 127.0.0.1:{port}: Address already in use" in line
    assert "another --master-bind-port" in line


@pytest.mark.parametrize("found", ["before workers are forked", "when the master listens"])
@pytest.mark.parametrize("file", [LOCUSTFILE, PLANFILE], ids=lambda file: file.stem)
def test_processes_at_a_taken_port_are_one_line_and_leave_the_other_master_alone(
    tmp_path: Path, file: Path, found: str
) -> None:
    own = tmp_path / "own.py"
    own.write_text(
        (TAKEN_LATER if found == "when the master listens" else "") + f"from scenarios.{file.stem} import *\n"
    )
    with zmq.Context() as context, context.socket(zmq.ROUTER) as other:
        port = str(other.bind_to_random_port("tcp://127.0.0.1"))
        ports = ["--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--master-port", port]
        second = locust(tmp_path, own, "--headless", "--processes", "2", *ports)
        _, said = second.communicate(timeout=60)
        if found == "before workers are forked":
            assert not other.poll(0)
    assert second.returncode == 2
    [line] = [line for line in said.splitlines() if "Starting Locust" not in line]
    assert f"a master can't listen on 127.0.0.1:{port}: Address already in use" in line


@pytest.mark.parametrize(
    ("file", "number"),
    [
        (PLANFILE, signal.SIGINT),
        (PLANFILE, signal.SIGTERM),
        (LOCUSTFILE, signal.SIGINT),
        (LOCUSTFILE, signal.SIGTERM),
        (LOCUSTFILE, signal.SIGHUP),
    ],
    ids=lambda value: getattr(value, "stem", None) or value.name,
)
def test_a_signal_while_a_master_waits_for_workers_is_one_line_and_exit_code_130(
    plan: Plan, tmp_path: Path, file: Path, number: signal.Signals
) -> None:
    more = ["--plan", plan()] if file is PLANFILE else free_run()
    port = free_port()
    arguments = lead(port, "--expect-workers", "2", "-L", "DEBUG", *more)
    with following(tmp_path, file, *arguments) as (master, lines):
        worker = locust(tmp_path, file, *follow(port))
        wait_for("1 of 2 connected", lines)
        master.send_signal(number)
        said = "".join(lines)
        assert master.wait(30) == 130, said
        worker.communicate(timeout=30)
    assert worker.returncode == 0
    assert [line.partition("wiretax: ")[2] for line in said.splitlines() if "ERROR" in line] == [
        "interrupted before the test began; nothing was sent"
    ]
    assert "Traceback" not in said
    results = tmp_path / "results"
    assert not results.exists() or not list(results.iterdir())


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        (LOCUSTFILE, "master"),
        (LOCUSTFILE, "web UI of a master"),
        (LOCUSTFILE, "alone"),
        (PLANFILE, "master"),
        (PLANFILE, "alone"),
    ],
    ids=lambda value: getattr(value, "stem", value),
)
def test_ctrl_c_while_a_run_is_prepared_is_one_line_and_exit_code_130(
    plan: Plan, tmp_path: Path, file: Path, kind: str
) -> None:
    own = tmp_path / "own.py"
    own.write_text(INTERRUPTED % file.stem)
    more = ["--plan", plan()] if file is PLANFILE else free_run("-t", "1s")
    arguments = ["--headless", *more] if kind == "alone" else lead(free_port(), *more)
    if kind == "web UI of a master":
        arguments = [each for each in arguments if each not in ("--headless", "-t", "1s")]
        arguments += ["--web-host", "127.0.0.1", "--web-port", str(free_port())]
    process = locust(tmp_path, own, *arguments)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert [line.partition("wiretax: ")[2] for line in said.splitlines() if "ERROR" in line] == [
        "interrupted before the test began; nothing was sent"
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize("file", [LOCUSTFILE, PLANFILE], ids=lambda file: file.stem)
def test_a_signal_while_a_worker_waits_for_a_master_is_one_line_and_exit_code_130(
    tmp_path: Path, file: Path, number: signal.Signals
) -> None:
    with zmq.Context() as context, context.socket(zmq.ROUTER) as silent:
        port = silent.bind_to_random_port("tcp://127.0.0.1")
        worker = locust(tmp_path, file, *follow(port))
        assert silent.poll(30_000)  # it says that it is ready
        worker.send_signal(number)
        _, said = worker.communicate(timeout=30)
    assert worker.returncode == 130
    [line] = [line for line in said.splitlines() if "Starting Locust" not in line]
    assert "this worker ends before it found a master: interrupted" in line


def test_a_worker_whose_terminal_is_closed_leaves_a_free_run_with_its_final_report(tmp_path: Path) -> None:
    port = free_port()
    with following(tmp_path, LOCUSTFILE, *lead(port, "--expect-workers", "1", *free_run())) as (master, lines):
        worker = locust(tmp_path, LOCUSTFILE, *follow(port))
        wait_for("POST     trigger", lines)  # in Locust's table
        worker.send_signal(signal.SIGHUP)
        worker.communicate(timeout=30)
        said = "".join(lines)
        assert master.wait(60) == 0, said
    assert worker.returncode == 0
    result = saved(tmp_path)
    assert result.meta["valid"], result.meta["invalid_because"]
    assert [each["state"] for each in result.meta["worker_states"]] == ["finished"]


def test_a_master_whose_last_worker_is_killed_writes_the_run_and_ends(tmp_path: Path) -> None:
    soon = tmp_path / "soon.py"
    soon.write_text(SOON)
    port = free_port()
    with following(tmp_path, soon, *lead(port, "--expect-workers", "1", *free_run())) as (master, lines):
        worker = locust(tmp_path, LOCUSTFILE, *follow(port))
        wait_for("All users spawned", lines)
        worker.kill()
        worker.communicate(timeout=30)
        said = "".join(lines)
        assert master.wait(60) == 5, said
    assert "The last worker went missing" in said
    assert "sends no heartbeat any more" in " ".join(saved(tmp_path).meta["invalid_because"])


@pytest.mark.parametrize("style", ["--processes", "--worker --processes"])
def test_a_worker_that_stays_stopped_is_killed_by_the_process_that_forked_it(tmp_path: Path, style: str) -> None:
    soon = tmp_path / "soon.py"
    soon.write_text(SOON)
    run = free_run()
    if style == "--processes":
        arguments, following_too = ["--headless", "--processes", "1", *own_port(), *run], []
    else:
        port = free_port()
        arguments, following_too = lead(port, "--expect-workers", "1", *run), follow(port)
    with following(tmp_path, soon, *arguments, real=True) as (master, lines):
        parent = locust(tmp_path, soon, *following_too, "--processes", "1", real=True) if following_too else master
        wait_for("All users spawned", lines)
        [worker] = forked(parent)
        worker.suspend()
        master.send_signal(signal.SIGINT)
        said = "".join(lines)
        assert master.wait(60) == 5, said
        if following_too:
            said += parent.communicate(timeout=30)[1]
    assert f"worker process {worker.pid} did not end, and was killed" in said
    assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE
    assert "was lost" in " ".join(saved(tmp_path).meta["invalid_because"])


@pytest.mark.parametrize("file", [LOCUSTFILE, PLANFILE], ids=lambda file: file.stem)
def test_a_worker_that_is_stopped_for_a_second_goes_on_and_ends_with_its_run(
    plan: Plan, tmp_path: Path, file: Path
) -> None:
    more, begun = free_run(), "All users spawned"
    if file is PLANFILE:
        # Slow enough that it is not over before the worker is stopped.
        more, begun = ["--plan", plan(rounds=3, rtt="5ms"), "-u", "1"], "round 0 of"
    with following(tmp_path, file, "--headless", "--processes", "1", *own_port(), *more) as (master, lines):
        wait_for(begun, lines)
        [worker] = forked(master)
        worker.suspend()
        time.sleep(1.0)
        worker.resume()
        if file is LOCUSTFILE:
            wait_for("POST     trigger", lines)  # in Locust's table
            master.send_signal(signal.SIGINT)
        said = "".join(lines)
        assert master.wait(60) == 0, said
    # The master has waited for it.
    assert not worker.is_running()
    assert "was killed" not in said
    result = saved(tmp_path)
    assert result.meta["valid"], result.meta["invalid_because"]
    assert [each["state"] for each in result.meta["worker_states"]] == ["finished"]
    assert result.meta["reconcile"]["agrees"]


def test_a_worker_that_its_master_gave_up_ends_once_it_goes_on(plan: Plan, tmp_path: Path) -> None:
    soon = tmp_path / "soon.py"
    soon.write_text(SOON_PLANFILE)
    arguments = ["--headless", "--plan", plan(slice="60s", timeout="60s"), "-u", "1", "-L", "DEBUG"]
    with slow_endpoint() as url:
        arguments += ["--endpoint", url, "--processes", "1", *own_port()]
        with following(tmp_path, soon, *arguments) as (master, lines):
            wait_for("Received wiretax-run-slice message", lines)  # by the worker
            [worker] = forked(master)
            worker.suspend()
            wait_for("Shutting down (exit code 5)", lines)
            worker.resume()
            said = "".join(lines)
            assert master.wait(60) == 5, said
    assert "was killed" not in said
    assert "sends no heartbeat any more" in " ".join(saved(tmp_path).meta["invalid_because"])


def test_a_planfile_with_workers_that_runs_to_its_end_is_not_interrupted(plan: Plan, tmp_path: Path) -> None:
    options = ["--headless", "--plan", plan(), "-u", "2", "--processes", "1", *own_port()]
    with following(tmp_path, PLANFILE, *options) as (process, lines):
        said = "".join(lines)
        assert process.wait(60) == 0, said
    assert not saved(tmp_path).meta["interrupted"]
