"""``wiretax run`` with queues, and ``QueueUser`` in Locust's own way: no event and no byte goes missing."""

from __future__ import annotations

import subprocess
from itertools import takewhile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from commands import Run, environment
from locust_process import own_port
from warm import run_warm

from analysis.measures.queues import queue_frontier
from wiretax.channels.endpoint import DEMO
from wiretax.channels.limits import Limits
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock
from wiretax.queue.sources.schedule import intended_times
from wiretax.queue.sources.share import Share, SharedTimes
from wiretax.runs.reader import Run as Saved
from wiretax.runs.reader import find_run, read_run

LOCUSTFILE = Path(__file__).parents[2] / "scenarios" / "locustfile.py"
HEAD = 'schema = 1\nname = "queue"\nrounds = {rounds}\nslice = "{slice_ms}ms"\nusers = 4\ntimeout = "5s"\n'
# Four connections over 20 ms carry 200 calls a second: on no machine can the trigger keep up. Three carry 1,500
# events a second in batches of ten, three times the rate: a busy machine still sends some before they are full.
PLAN = """
[[workload]]
api = "trigger"
rate = "500/s"
rtt = "20ms"
[[workload]]
api = "batch"
batch_size = 10
rate = "500/s"
linger = ["0ms", "10ms"]
rtt = "20ms"
publishers = 3
"""


def saved(folder: Path) -> Saved:
    return read_run(find_run(folder / "results"))


def write(folder: Path, text: str, rounds: int = 2, slice_ms: int = 300) -> str:
    (folder / "queue.toml").write_text(HEAD.format(rounds=rounds, slice_ms=slice_ms) + text)
    return "queue.toml"


def drawn_events(seed: int, row: pd.Series[Any], dealt: tuple[int, ...] = (1,)) -> int:
    """How many events were meant to arrive in a slice of this length, on a worker of those that publishers were
    dealt out to."""
    drawn = f"{seed}/arrivals/{row['round']}/{row['rate']}"
    times = intended_times(row["arrivals"], row["rate"], drawn)
    shared = SharedTimes(times, row["arrivals"], f"{drawn}/share", Share(dealt, row["worker"]))
    return sum(1 for _ in takewhile(lambda time_s: time_s <= row["duration_s"], shared))


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Saved, str]:
    folder = tmp_path_factory.mktemp("queue")
    done = run_warm("wiretax", "run", write(folder, PLAN, slice_ms=600), cwd=folder, env=environment())
    assert done.returncode == 0, done.stderr + done.stdout
    return saved(folder), done.stdout


def test_each_event_that_arrived_is_accounted_for(measured: tuple[Saved, str]) -> None:
    run, _ = measured
    queue = run.queue
    assert len(queue) == 3 * 2
    assert (queue["arrived"] == queue["acknowledged"] + queue["lost"] + queue["unsent"]).all()
    assert (queue["intended"] == queue["arrived"]).all()
    assert (queue["arrived"] > 200).all()
    totals = run.waits[run.waits["kind"] == "total"]
    timed = totals.groupby(["workload", "round"])[["count", "censored"]].sum().sum(axis=1)
    expected = queue.set_index(["workload", "round"])[["acknowledged", "lost", "unsent"]].sum(axis=1)
    assert timed.to_dict() == expected.to_dict()


def test_the_same_events_arrive_however_they_are_drained(measured: tuple[Saved, str]) -> None:
    run, _ = measured
    # Drawn for the rate and the round. A slice is as long as its round trips make it, and its end is no event's
    # time, so a few more or less may be in it.
    drawn = run.queue.apply(lambda row: drawn_events(run.meta["plan"]["seed"], row), axis=1)
    by_round = (run.queue["arrived"] / drawn).groupby(run.queue["round"])
    assert (by_round.max() - by_round.min() < 0.15 * by_round.max()).all()


def test_a_trigger_that_cannot_keep_up_is_the_finding(measured: tuple[Saved, str]) -> None:
    run, said = measured
    table = queue_frontier(run).set_index(["api", "linger_s"])
    assert table["is_overloaded"].to_dict() == {
        ("trigger", 0.0): True,
        ("batch", 0.0): False,
        ("batch", 0.01): False,
    }
    assert "overloaded in 2 of 2 rounds: trigger" in said
    batch = table.loc[("batch", 0.01)]
    assert 0.02 <= batch["wire_p50_s"] <= batch["total_p50_s"]
    assert batch["sent_per_event"] < 0.5 * table.at[("trigger", 0.0), "sent_per_event"]


def test_bytes_agree_with_batches_that_are_not_full(measured: tuple[Saved, str]) -> None:
    run, said = measured
    assert "mock agree to the byte" in said
    assert run.meta["valid"], run.meta["invalid_because"]
    assert run.meta["reconcile"]["agrees"]
    assert run.meta["outcome"]["adds_up"]
    partial = [calls for each in run.queue["fills"] for calls in each[:-1]]
    assert sum(partial) > 0
    batches = run.queued[run.queued["api"] == "batch"]
    assert (batches["events"] < 10 * batches["requests"]).all()
    assert (batches["payload_total_bytes"] == 100 * batches["events"]).all()


def test_a_rate_no_machine_makes_stops_at_the_bound_and_says_what_was_reached(run: Run, tmp_path: Path) -> None:
    # Long enough for 100,000 events on a slow machine.
    done = run("run", write(tmp_path, '[[workload]]\napi = "trigger"\nrate = "1000000000/s"\n', slice_ms=800))
    assert done.returncode == 0, done.stderr
    found = saved(tmp_path)
    assert (found.queue["overloaded"] == "the queue reached its bound of 100,000 events").all()
    assert (found.queue["depths"].map(max) <= 100_000).all()
    assert "trigger at 1,000,000,000/s: this machine generated" in done.stdout


def test_calls_that_fail_lose_their_events_and_nothing_else(run: Run, tmp_path: Path) -> None:
    fault = '[[mock.fault]]\nkind = "server-error"\nshare = 0.2\n'
    done = run("run", write(tmp_path, f'{fault}[[workload]]\napi = "trigger"\nrate = "500/s"\n'))
    found = saved(tmp_path)
    assert found.meta["outcome"]["adds_up"], done.stderr
    assert found.meta["outcome"]["rejected"] > 0
    assert found.queue["lost"].sum() > 0
    assert (
        found.queue["arrived"] == found.queue["acknowledged"] + found.queue["lost"] + found.queue["unsent"]
    ).all()


def test_an_endpoint_that_asks_to_wait_is_not_sent_the_rest_of_a_queue(run: Run, tmp_path: Path) -> None:
    fault = '[[mock.fault]]\nkind = "rate-limit"\nshare = 0.005\nretry_after = "1s"\n'
    done = run("run", write(tmp_path, f'{fault}[[workload]]\napi = "trigger"\nrate = "500/s"\n'))
    found = saved(tmp_path)
    assert found.meta["outcome"]["adds_up"], done.stderr
    assert found.meta["reconcile"]["agrees"]
    assert "asked to wait (429)" in done.stdout


def test_no_message_is_sent_beyond_the_limit(run: Run, tmp_path: Path) -> None:
    with embedded_mock(Limits(), CostModel()) as mock:
        url = f"http://{DEMO.key}:{DEMO.secret}@127.0.0.1:{mock.port}/apps/{DEMO.app_id}"
        text = '[[workload]]\napi = "batch"\nbatch_size = 10\nlinger = "10ms"\nrate = "1000/s"\n'
        # More rounds than the limit allows, on any machine.
        plan = write(tmp_path, text, rounds=100)
        run("run", plan, "--endpoint", url, "--max-messages", "500")
    found = saved(tmp_path)
    assert found.meta["reconcile"]["agrees"]
    assert 400 < found.meta["reconcile"]["model"]["events"] <= 500


def locust(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    options = ["-f", str(LOCUSTFILE), "--headless", *arguments]
    return run_warm("locust", *options, "QueueUser", cwd=folder, env=environment())


def test_queue_user_drains_what_arrives_in_locusts_own_way(tmp_path: Path) -> None:
    arguments = ["--rate", "300/s", "--linger", "15ms", "--batch-size", "5", "--max-messages", "400"]
    done = locust(tmp_path, "-u", "3", "-r", "3", *arguments)
    assert done.returncode == 0, done.stderr
    run = saved(tmp_path)
    assert run.meta["valid"], run.meta["invalid_because"]
    [row] = queue_frontier(run).to_dict("records")
    assert (row["rate"], row["linger_s"], row["batch_size"]) == (300, 0.015, 5)
    assert 1 < row["fill"] <= 5
    assert row["acknowledged"] > 200


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--rate", "5"), "rate: '5' is not a rate; write it like 500/s"),
        (("--linger", "-3ms"), "linger: '-3ms' is not a duration"),
    ],
)
def test_queue_user_refuses_what_it_cannot_do(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    # With "=", since a value that begins with a dash would be an option.
    done = locust(tmp_path, "-u", "1", "=".join(arguments))
    assert done.returncode == 2
    assert f"wiretax: {said}" in done.stderr


SHARED = """
[[workload]]
api = "batch"
batch_size = 10
rate = "400/s"
linger = "5ms"
[[workload]]
api = "trigger"
rate = "400/s"
publishers = 1
[[workload]]
api = "batch"
batch_size = 10
rate = "400/s"
arrivals = "burst"
linger = "5ms"
rtt = "10ms"
publishers = 3
"""


def test_two_processes_get_the_arrivals_of_one_and_every_byte_agrees(run: Run, tmp_path: Path) -> None:
    done = run("run", write(tmp_path, SHARED, slice_ms=500), "--processes", "2")
    assert done.returncode == 0, done.stderr
    assert "model, sockets, kernel and mock agree to the byte" in done.stdout
    found = saved(tmp_path)
    assert found.meta["valid"], found.meta["invalid_because"]
    assert found.meta["workers"] == 2
    queue = found.queue
    assert len(queue) == 3 * 2 * 2
    assert (queue["intended"] == queue["arrived"]).all()
    assert (queue["arrived"] == queue["acknowledged"] + queue["unsent"]).all()
    # A busy machine may hold a worker up for long enough that its queue grows.
    steady = queue[queue["overloaded"] == ""]
    assert (steady["arrived"] == steady["acknowledged"]).all()
    users = found.queued.groupby(["publishers", "worker"])["users"].agg(set).to_dict()
    assert users == {(4, 0): {2}, (4, 1): {2}, (1, 0): {1}, (1, 1): {0}, (3, 0): {2}, (3, 1): {1}}
    # Each worker has its part of the times that a single process would have drawn. A slice begins and ends a
    # moment before its queue does, so a few more or less may be in it.
    dealt = {4: (2, 2), 1: (1, 0), 3: (2, 1)}
    seed = found.meta["plan"]["seed"]
    drawn = queue.apply(lambda row: drawn_events(seed, row, dealt[row["publishers"]]), axis=1)
    assert queue["arrived"].tolist() == pytest.approx(drawn.tolist(), rel=0.15)
    events = queue.groupby(["workload", "round"])["arrived"].sum()
    totals = found.waits[found.waits["kind"] == "total"].groupby(["workload", "round"])
    assert totals[["count", "censored"]].sum().sum(axis=1).to_dict() == events.to_dict()
    assert not found.waits.duplicated(["workload", "round", "kind", "bucket_low_s"]).any()


def test_a_queue_that_is_full_in_one_process_ends_the_slice_in_all(run: Run, tmp_path: Path) -> None:
    # The one publisher is in one of the processes, and so is the queue.
    text = '[[workload]]\napi = "trigger"\nrate = "1000000000/s"\npublishers = 1\n'
    done = run("run", write(tmp_path, text, rounds=1, slice_ms=60_000), "--processes", "2")
    assert done.returncode == 0, done.stderr
    found = saved(tmp_path)
    assert found.meta["reconcile"]["agrees"]
    assert found.queue["overloaded"].tolist() == ["the queue reached its bound of 100,000 events"] * 2
    one, other = found.queue["arrived"]
    assert one >= 100_000
    assert other == 0
    assert (found.queue["duration_s"] < 60).all()
    assert "trigger at 1,000,000,000/s: this machine generated" in done.stdout


def test_queue_users_of_two_processes_drain_one_queue(tmp_path: Path) -> None:
    arguments = ["--rate", "400/s", "--linger", "15ms", "--batch-size", "5", "--max-messages", "600"]
    done = locust(tmp_path, "-u", "3", "-r", "3", "--processes", "2", *own_port(), *arguments)
    assert done.returncode == 0, done.stderr
    run = saved(tmp_path)
    assert run.meta["valid"], run.meta["invalid_because"]
    assert run.meta["reconcile"]["agrees"]
    assert set(run.queue["worker"]) == {0, 1}
    counted = run.queue[["arrived", "acknowledged", "lost", "unsent"]].sum()
    assert counted["arrived"] == counted[["acknowledged", "lost", "unsent"]].sum()
    [row] = queue_frontier(run).to_dict("records")
    assert (row["rate"], row["linger_s"], row["batch_size"]) == (400, 0.015, 5)
    # The first to have sent its half of the limit ends the run: the one with two of the three publishers.
    assert 300 - 5 <= row["acknowledged"] <= 600
    by_worker = sorted(run.queue.groupby("worker")["arrived"].sum())
    assert by_worker[0] < by_worker[1]


def test_queue_users_whose_queue_is_full_end_the_test_on_all_workers(tmp_path: Path) -> None:
    done = locust(tmp_path, "-u", "2", "-r", "2", "--processes", "2", *own_port(), "--rate", "1000000000/s")
    assert done.returncode == 5
    assert done.stderr.count("overloaded: the queue reached its bound of 100,000 events; lower --rate") == 1
    run = saved(tmp_path)
    assert run.meta["reconcile"]["agrees"]
    assert run.meta["valid"], run.meta["invalid_because"]
    assert "the queue reached its bound of 100,000 events" in set(run.queue["overloaded"])
