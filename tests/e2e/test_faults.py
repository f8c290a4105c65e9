"""What a run reports of a mock that gets requests wrong: kinds, totals, warnings, and witnesses that still agree."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from commands import Run as Command
from commands import command, environment

from scenarios.faults import parse_fault
from wiretax.channels.endpoint import DEMO
from wiretax.channels.limits import Limits
from wiretax.mock.cost import CostModel
from wiretax.mock.faults import FaultList
from wiretax.mock.process import embedded_mock
from wiretax.runs.reader import Run, find_run, read_run

HEAD = 'schema = 1\nname = "sick"\nrounds = 1\nslice = "300ms"\nusers = 4\ntimeout = "60ms"\n'
WORKLOADS = '[[workload]]\napi = "trigger"\n[[workload]]\napi = "batch"\nbatch_size = 10\n'
SECURE = '[mock]\ncertificate = "ecdsa"\n{faults}[[workload]]\napi = "trigger"\ntls = true\n'

REJECTING = ("rate-limit:0.1", "server-error:0.1", "plain-text:0.1", "error-body:0.1", "not-json:0.1")
BREAKING = ("half-body:0.05", "reset:0.05", "half-reset:0.05", "short-length:0.05")
WAITING = ("stall:0.01", "long-length:0.01", "slow:0.01:5ms")
CLOSING = ("close:0.1", "close-unsaid:0.1")

WHOLE = "closed by the server before its answer was whole"
RESET = "Connection reset by peer"
REPORTED = {
    "rate-limit": ("rejected", 429, "Too many requests."),
    "server-error": ("rejected", 500, "Internal server error."),
    "plain-text": ("rejected", 503, "Service Unavailable"),
    "error-body": ("error_body", 400, "The received data is incorrect."),
    "not-json": ("unreadable", 200, "expected a JSON object, got 'It works!'"),
    "half-body": ("lost", 0, WHOLE),
    "reset": ("lost", 0, RESET),
    "half-reset": ("lost", 0, RESET),
    "short-length": ("malformed", 0, "not an HTTP/1.1 response: Expected HTTP/, RTSP/ or ICE/"),
    "stall": ("timeout", 0, "no answer within 0.06 s"),
    "long-length": ("timeout", 0, "no answer within 0.06 s"),
}


@dataclass(frozen=True, slots=True)
class Done:
    """A run that ended, and what it printed."""

    run: Run
    code: int
    said: str

    @property
    def injected(self) -> dict[str, int]:
        """Faults by kind, as the mock counted them."""
        assert self.run.server is not None
        found: dict[str, int] = self.run.server["faults"]
        return found

    @property
    def failures(self) -> dict[tuple[str, int, str], int]:
        """Exchanges by how they failed."""
        rows = self.run.failures.groupby(["kind", "status", "message"])["count"].sum()
        return {key: int(count) for key, count in rows.items()}


def tables(faults: tuple[str, ...]) -> str:
    keys = {"slow": "delay", "rate-limit": "retry_after"}
    text = ""
    for fault in map(parse_fault, faults):
        wait = f'{keys[fault.kind]} = "{fault.wait_s * 1000:g}ms"\n' if fault.kind in keys else ""
        text += f'[[mock.fault]]\nkind = "{fault.kind}"\nshare = {fault.share}\n{wait}'
    return text


def perform(folder: Path, plan: str, *arguments: str) -> Done:
    (folder / "sick.toml").write_text(plan)
    done = subprocess.run(
        command("run", "sick.toml", *arguments),
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (folder / "results").is_dir(), done.stderr
    return Done(read_run(find_run(folder / "results")), done.returncode, done.stdout)


@pytest.fixture(scope="module")
def done(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """One run for each group of faults that can be told apart."""
    plan = HEAD + tables(request.param) + WORKLOADS
    return perform(tmp_path_factory.mktemp("faults"), plan)


GROUPS = [
    pytest.param(REJECTING, id="rejecting"),
    pytest.param(BREAKING, id="breaking"),
    pytest.param(WAITING, id="waiting"),
    pytest.param(CLOSING, id="closing"),
]


def assert_sound(done: Done) -> None:
    """A valid run: witnesses agree, totals add up, and each failure is in them once."""
    meta = done.run.meta
    assert done.code == 0, done.said
    assert meta["valid"], meta["invalid_because"]
    assert meta["reconcile"]["agrees"]
    ends = meta["outcome"]
    assert ends["adds_up"]
    assert ends["sent"] == ends["acknowledged"] + ends["rejected"] + ends["failed"] + ends["unknown"]
    assert sum(done.failures.values()) == ends["rejected"] + ends["failed"] + ends["unknown"]
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(done.injected.items()))
    assert f"the mock got requests wrong because it was told to ({kinds})" in meta["warnings"]


@pytest.mark.parametrize("done", GROUPS, indirect=True)
def test_a_run_with_faults_is_sound_and_says_what_went_wrong(done: Done) -> None:
    assert_sound(done)
    ends = done.run.meta["outcome"]
    if ends["acknowledged"] < ends["sent"]:
        assert (
            f"{ends['sent']:,} calls sent: {ends['acknowledged']:,} acknowledged, {ends['rejected']:,} rejected, "
            f"0 failed, {ends['unknown']:,} unknown"
        ) in done.said
    assert "agree to the byte" in done.said


@pytest.mark.parametrize("done", GROUPS, indirect=True)
def test_only_acknowledged_exchanges_have_a_latency(done: Done) -> None:
    rows = done.run.slices
    answered = rows["requests"] + rows["unfinished_requests"] - rows["failures"]
    assert done.run.latency["count"].sum() == answered.sum()
    assert (rows["events"] == answered * rows["batch_size"]).all()


@pytest.mark.parametrize("done", GROUPS[:3], indirect=True)
def test_each_fault_is_reported_as_what_it_is_and_as_often_as_it_was(done: Done) -> None:
    expected: dict[tuple[str, int, str], int] = {}
    for kind, count in done.injected.items():
        if kind != "slow":
            expected[REPORTED[kind]] = expected.get(REPORTED[kind], 0) + count
    assert len(done.injected) == len(done.run.meta["faults"]), "each kind was injected"
    assert done.failures == expected
    assert done.run.meta["outcome"]["failed"] == 0, "every request left whole"


@pytest.mark.parametrize("done", GROUPS[:1], indirect=True)
def test_what_was_rejected_was_not_taken(done: Done) -> None:
    ends, server = done.run.meta["outcome"], done.run.server
    assert server is not None
    assert ends["unknown"] == 0
    assert ends["rejected"] == sum(done.injected.values()) == sum(server["rejected"].values())
    assert server["events"] == done.run.meta["reconcile"]["model"]["events"]


@pytest.mark.parametrize("done", GROUPS[1:2], indirect=True)
def test_what_broke_off_is_unknown_and_was_taken_by_this_mock(done: Done) -> None:
    ends, server = done.run.meta["outcome"], done.run.server
    assert server is not None
    assert ends["unknown"] == sum(done.injected.values())
    assert server["requests"] == ends["acknowledged"] + ends["unknown"]
    assert server["events"] > done.run.meta["reconcile"]["model"]["events"]


@pytest.mark.parametrize("done", GROUPS[2:3], indirect=True)
def test_a_stall_ends_by_the_timeout_and_its_slice_goes_on(done: Done) -> None:
    rows = done.run.slices
    # Its users came back within the slice, and went on; a stalled exchange of a boundary would be in no row.
    assert rows["failures"].sum() > 0
    assert rows["failures"].sum() == rows["unfinished_requests"].sum() == rows["unknown_requests"].sum()
    assert not done.run.meta["interrupted"]
    slow = done.run.latency["bucket_high_s"] > 0.005
    assert done.run.latency[slow]["count"].sum() > 0


@pytest.mark.parametrize("done", GROUPS[3:], indirect=True)
def test_a_close_that_is_said_costs_a_connection_and_one_that_is_not_the_call_under_way(done: Done) -> None:
    """A saturated client sends its next call before it can know."""
    assert {kind for kind, _, _ in done.failures} <= {"lost"}
    assert sum(done.failures.values()) <= done.injected["close-unsaid"]
    assert done.run.meta["parts"]["total"]["connections"] >= done.injected["close"]


def test_faults_inside_tls_are_reported_likewise(tmp_path: Path) -> None:
    faults = (*BREAKING, *CLOSING, "stall:0.05")
    done = perform(tmp_path, HEAD + SECURE.format(faults=tables(faults)))
    assert_sound(done)
    assert done.failures[REPORTED["stall"]] == done.injected["stall"]
    assert done.failures[REPORTED["short-length"]] == done.injected["short-length"]
    broken = sum(done.injected[kind] for kind in ("half-body", "reset", "half-reset"))
    lost = sum(count for (kind, _, _), count in done.failures.items() if kind == "lost")
    assert broken <= lost <= broken + done.injected["close-unsaid"]


def test_a_server_that_refuses_all_ends_the_run_early(tmp_path: Path) -> None:
    done = perform(tmp_path, HEAD + tables(("server-error:1",)) + WORKLOADS)
    assert done.code == 5
    assert "no event was acknowledged in any whole slice" in done.run.meta["invalid_because"]
    assert done.run.meta["outcome"]["adds_up"]
    assert done.run.meta["outcome"]["acknowledged"] == 1


def test_a_mock_that_was_started_apart_is_known_by_its_ledger(tmp_path: Path) -> None:
    faults = FaultList((parse_fault("server-error:0.1"),), spared=1)
    with embedded_mock(Limits(), CostModel(), None, faults) as mock:
        url = f"http://{DEMO.key}:{DEMO.secret}@127.0.0.1:{mock.port}/apps/{DEMO.app_id}"
        # The plan's own faults are the embedded mock's; there is none.
        done = perform(tmp_path, HEAD + tables(("stall:1",)) + WORKLOADS, "--endpoint", url)
    assert_sound(done)
    assert set(done.injected) == {"server-error"}
    assert done.run.meta["faults"] == []
    assert "was told to" in done.said


def test_a_plan_with_an_impossible_fault_sends_nothing(run: Command, tmp_path: Path) -> None:
    (tmp_path / "sick.toml").write_text(HEAD + '[[mock.fault]]\nkind = "stal"\n' + WORKLOADS)
    done = run("run", "sick.toml")
    assert done.returncode == 2
    assert "[[mock.fault]] 1: unknown fault 'stal'" in done.stderr
    assert "(did you mean stall?)" in done.stderr
    assert not (tmp_path / "results").exists()
