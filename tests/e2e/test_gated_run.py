"""``wiretax run --gates``: rounds until every check is decided, then the verdict and its exit code."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from commands import Plan, Run, run_until
from raw_server import OK, raw_server

from wiretax.channels.endpoint import DEMO
from wiretax.channels.limits import Limits
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock
from wiretax.runs.reader import find_run, read_run

OUTPUTS = {"gate.json", "junit.xml", "summary.md"}
HEAD = """
[[check]]
id = "head"
metric = "http.request.head.size"
where = { api = "trigger", client = "python" }
max = """
# No batch of ten is a hundred times slower than a trigger; all it takes is rounds enough for an interval.
GAIN = """
[[check]]
id = "gain"
metric = "events_per_second"
compare = { of = { api = "batch" }, to = { api = "trigger" }, as = "ratio" }
min = 0.01
"""
BATCH, TRIGGER = "batch10-10B-chat-reference", "trigger-10B-chat-reference"
Gates = Callable[..., str]


@pytest.fixture
def gates(tmp_path: Path) -> Gates:
    """Writes checks into a gates file and returns its path."""

    def write(*checks: str) -> str:
        (tmp_path / "gates.toml").write_text("schema = 1\n[valid]\nmin_requests = 10\n" + "".join(checks))
        return "gates.toml"

    return write


def saved(folder: Path) -> tuple[Path, dict[str, Any]]:
    run = read_run(find_run(folder / "results"))
    return run.folder, run.meta


def test_a_run_that_is_decided_ends_with_its_plan(run: Run, plan: Plan, gates: Gates, tmp_path: Path) -> None:
    done = run("run", plan(rounds=1, slice="50ms"), "--gates", gates(HEAD + "456\n"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "agree to the byte" in done.stdout
    assert "1 passed" in done.stdout
    folder, meta = saved(tmp_path)
    assert {file.name for file in folder.iterdir()} >= OUTPUTS
    assert orjson.loads((folder / "gate.json").read_bytes())["cases"][0]["verdict"] == "pass"
    assert meta["rounds_measured"] == meta["plan"]["rounds"] == 1
    assert meta["added"] == {"most_rounds": 3, "asked": []}


def test_a_check_that_fails_is_exit_code_3(run: Run, plan: Plan, gates: Gates, tmp_path: Path) -> None:
    # An app id and a key of other lengths than the mock's; a head is judged as if they had the same.
    with raw_server(lambda *_: OK) as server:
        done = run("run", plan(rounds=1, slice="50ms"), "--gates", gates(HEAD + "455\n"), PUSHER_URL=server.url())
    assert done.returncode == 3, done.stdout + done.stderr
    assert "fail  head, trigger-10B-chat-python: 456 B, at most 455" in done.stdout
    assert "this run has Host 15 B, app id 1 B, key 3 B" in done.stdout
    folder, meta = saved(tmp_path)
    assert {file.name for file in folder.iterdir()} >= OUTPUTS
    lengths = {"host": 15, "host_with_port": 15, "app_id": 1, "key": 3, "prefix": 0}
    assert meta["addresses"] == [{"server": "endpoint", "tls": False, "rtt_s": None, **lengths}]


def test_rounds_are_added_while_a_check_is_undecided_and_run_json_says_why(
    run: Run, plan: Plan, gates: Gates, tmp_path: Path
) -> None:
    done = run("run", plan(rounds=3, slice="30ms"), "--gates", gates(GAIN))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"after 3 rounds 2 workloads are undecided ({BATCH}, {TRIGGER}): 4 rounds added" in done.stderr
    assert "tiny: round 2 of 0-2" in done.stderr
    assert "tiny: round 6 of 0-6" in done.stderr
    folder, meta = saved(tmp_path)
    assert meta["plan"]["rounds"] == 3
    assert meta["rounds_measured"] == 7
    assert meta["added"] == {
        "most_rounds": 9,
        "asked": [{"after": 3, "undecided": [BATCH, TRIGGER], "added": 4}],
    }
    assert meta["valid"]
    # Whole rounds: what was decided goes on beside what was not.
    assert (read_run(folder).slices.groupby("round").size() == 4).all()


def test_rounds_are_added_up_to_the_limit_and_then_it_stays_undecided(
    run: Run, plan: Plan, gates: Gates, tmp_path: Path
) -> None:
    done = run("run", plan(rounds=3, slice="30ms"), "--gates", gates(GAIN), "--max-rounds", "4")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "1 round added" in done.stderr
    _, meta = saved(tmp_path)
    assert meta["rounds_measured"] == 4
    assert [asked["added"] for asked in meta["added"]["asked"]] == [1]


def test_two_servers_are_judged_by_their_ratio(run: Run, plan: Plan, gates: Gates, tmp_path: Path) -> None:
    check = """
[[check]]
id = "build"
metric = "messages_per_second"
compare = { of = { server = "against" }, to = { server = "endpoint" }, as = "ratio" }
min = 0.95
"""
    (tmp_path / "slow.toml").write_text(
        'schema = 1\nname = "slow"\nrounds = 5\nslice = "50ms"\nusers = 1\n[mock]\nper_event = "400us"\n'
        '[[workload]]\napi = "batch"\nbatch_size = 10\n'
    )
    with embedded_mock(Limits(), CostModel(per_event=2e-3)) as slower:
        url = f"http://{DEMO.key}:{DEMO.secret}@127.0.0.1:{slower.port}/apps/{DEMO.app_id}"
        done = run("run", "slow.toml", "--against", url, "--gates", gates(check))
    assert done.returncode == 3, done.stdout + done.stderr
    folder, _ = saved(tmp_path)
    [case] = orjson.loads((folder / "gate.json").read_bytes())["cases"]
    # A fifth of the speed, but for what the machine adds to calls of 4 and of 20 ms.
    assert case["verdict"] == "fail"
    assert case["measured"] < 0.6


def test_a_run_that_is_stopped_is_not_judged(plan: Plan, gates: Gates, tmp_path: Path) -> None:
    process = run_until("round 1 of", plan(rounds=1000), "--gates", gates(HEAD + "1\n"), cwd=tmp_path)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    folder, meta = saved(tmp_path)
    assert meta["interrupted"]
    assert not OUTPUTS & {file.name for file in folder.iterdir()}
    assert "fail" not in out


@pytest.mark.parametrize(
    ("checks", "arguments", "says"),
    [
        ("", [], "missing key check"),
        (GAIN.replace("events_per", "event_per"), [], "did you mean events_per_second"),
        (GAIN, ["--max-rounds", "2"], "--max-rounds 2: expected the plan's 3 or more"),
    ],
)
def test_what_is_wrong_with_gates_is_said_before_anything_is_sent(
    run: Run, plan: Plan, gates: Gates, tmp_path: Path, checks: str, arguments: list[str], says: str
) -> None:
    # Nothing listens there: whoever asked would say that instead.
    nowhere = "http://k:hidden@127.0.0.1:9/apps/1"
    done = run("run", plan(), "--endpoint", nowhere, "--gates", gates(checks), *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert not (tmp_path / "results").exists()


def test_a_limit_of_rounds_needs_something_to_decide(run: Run, plan: Plan) -> None:
    done = run("run", plan(), "--max-rounds", "9")
    assert done.returncode == 2
    assert "--max-rounds goes with --gates" in done.stderr
    missing = run("run", plan(), "--gates", "none.toml")
    assert missing.returncode == 2
    assert "none.toml" in missing.stderr


QUEUES = """
[[check]]
id = "latency"
metric = "latency.total.p50"
max = 10
[[check]]
id = "lost"
metric = "events.lost"
max = 0
[[check]]
id = "reached"
metric = "rate.reached"
min = 0.5
"""
QUEUE_PLAN = 'schema = 1\nname = "queue"\nusers = 2\nrounds = {rounds}\nslice = "{slice}"\n'


def test_rounds_are_added_until_a_queue_is_decided(run: Run, gates: Gates, tmp_path: Path) -> None:
    (tmp_path / "queue.toml").write_text(
        QUEUE_PLAN.format(rounds=3, slice="100ms")
        + '[[workload]]\napi = "batch"\nbatch_size = 10\nrate = "2000/s"\n'
    )
    done = run("run", "queue.toml", "--gates", gates(QUEUES))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "after 3 rounds 1 workload is undecided" in done.stderr
    folder, meta = saved(tmp_path)
    assert meta["rounds_measured"] == 7
    cases = orjson.loads((folder / "gate.json").read_bytes())["cases"]
    assert [(case["check"], case["verdict"], case["rounds"]) for case in cases] == [
        ("latency", "pass", 7),
        ("lost", "pass", 7),
        ("reached", "pass", 7),
    ]


def test_an_overloaded_queue_fails_and_a_rate_no_machine_makes_is_invalid(
    run: Run, gates: Gates, tmp_path: Path
) -> None:
    # Two connections over 20 ms carry 100 events a second.
    (tmp_path / "queue.toml").write_text(
        QUEUE_PLAN.format(rounds=1, slice="200ms")
        + '[[workload]]\napi = "trigger"\nrate = ["2000/s", "1000000000/s"]\nrtt = "20ms"\n'
    )
    check = '[[check]]\nid = "deep"\nmetric = "queue.depth.max"\nmax = 1000000\n'
    done = run("run", "queue.toml", "--gates", gates(check))
    assert done.returncode == 5, done.stdout + done.stderr
    folder, _ = saved(tmp_path)
    failed, invalid = orjson.loads((folder / "gate.json").read_bytes())["cases"]
    assert (failed["verdict"], failed["is_lower_bound"]) == ("fail", True)
    assert "still growing at the end of 1 of 1 rounds" in failed["message"]
    assert invalid["verdict"] == "invalid"
    assert "of 1,000,000,000 events/s" in invalid["message"]
