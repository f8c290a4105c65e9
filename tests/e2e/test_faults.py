"""What a run reports of a mock that gets requests wrong: kinds, totals, warnings, witnesses that still agree."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from commands import Run as Command
from commands import environment
from warm import run_warm

from wiretax.channels.endpoint import DEMO
from wiretax.channels.limits import Limits
from wiretax.load.plan.faults import parse_fault
from wiretax.mock.cost import CostModel
from wiretax.mock.faults import FaultList
from wiretax.mock.process import embedded_mock
from wiretax.runs.reader import Run, find_run, read_run

# Nothing on a busy machine takes as long as the timeout, so that only what is injected reaches it.
HEAD = 'schema = 1\nname = "sick"\nrounds = 1\nslice = "600ms"\nusers = 4\ntimeout = "1s"\n'
# Calls that time out do so within the slice.
LONG = HEAD.replace("600ms", "2s")
WORKLOADS = '[[workload]]\napi = "trigger"\n[[workload]]\napi = "batch"\nbatch_size = 10\n'
SECURE = '[mock]\ncertificate = "ecdsa"\n{faults}[[workload]]\napi = "trigger"\ntls = true\n'

REJECTING = ("rate-limit:0.1", "server-error:0.1", "plain-text:0.1", "error-body:0.1", "not-json:0.1")
BREAKING = ("half-body:0.1", "reset:0.1", "half-reset:0.1", "short-length:0.1")
WAITING = ("stall:0.05", "long-length:0.05", "slow:0.05:5ms")
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
    "short-length": ("malformed", 0, "more than one response to one request"),
    "stall": ("timeout", 0, "no answer within 1 s"),
    "long-length": ("timeout", 0, "no answer within 1 s"),
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
    done = run_warm("wiretax", "run", "sick.toml", *arguments, cwd=folder, env=environment())
    assert (folder / "results").is_dir(), done.stderr
    return Done(read_run(find_run(folder / "results")), done.returncode, done.stdout)


@pytest.fixture(scope="module")
def answering(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """A run on a mock whose answers say no, or break off."""
    return perform(tmp_path_factory.mktemp("answering"), HEAD + tables((*REJECTING, *BREAKING)) + WORKLOADS)


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """A run on a mock that is waited for, some of the time in vain."""
    return perform(tmp_path_factory.mktemp("waiting"), LONG + tables(WAITING) + WORKLOADS)


@pytest.fixture(scope="module")
def closing(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """A run on a mock that was started apart and closes connections; the plan's own faults are of no account."""
    faults = FaultList(tuple(map(parse_fault, CLOSING)), after=1)
    with embedded_mock(Limits(), CostModel(), None, faults) as mock:
        url = f"http://{DEMO.key}:{DEMO.secret}@127.0.0.1:{mock.port}/apps/{DEMO.app_id}"
        plan = HEAD + tables(("stall:1",)) + WORKLOADS
        return perform(tmp_path_factory.mktemp("closing"), plan, "--endpoint", url)


@pytest.fixture(params=["answering", "waiting", "closing"])
def done(request: pytest.FixtureRequest) -> Done:
    """Each of the runs."""
    found: Done = request.getfixturevalue(request.param)
    return found


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
    assert f"Injected faults: {kinds}" in meta["warnings"]


def test_a_run_with_faults_is_sound_and_says_what_went_wrong(done: Done) -> None:
    assert_sound(done)
    ends = done.run.meta["outcome"]
    assert ends["acknowledged"] < ends["sent"]
    assert (
        f"{ends['sent']:,} calls sent: {ends['acknowledged']:,} acknowledged, {ends['rejected']:,} rejected, "
        f"{ends['failed']:,} failed, {ends['unknown']:,} unknown"
    ) in done.said
    assert "agree to the byte" in done.said


def test_every_exchange_is_in_the_latencies_and_those_without_an_acknowledgement_as_censored(done: Done) -> None:
    rows = done.run.slices
    begun = rows["requests"] + rows["unfinished_requests"] + rows["boundary_requests"]
    acknowledged = rows["events"] + rows["boundary_events"]
    latency = done.run.latency
    assert latency[["count", "censored"]].sum().sum() == begun.sum()
    assert latency["count"].sum() == (acknowledged / rows["batch_size"]).sum()
    assert latency["censored"].sum() > 0


@pytest.mark.parametrize("name", ["answering", "waiting"])
def test_each_fault_is_reported_as_what_it_is_and_as_often_as_it_was(
    name: str, request: pytest.FixtureRequest
) -> None:
    done: Done = request.getfixturevalue(name)
    expected: dict[tuple[str, int, str], int] = {}
    for kind, count in done.injected.items():
        if kind != "slow":
            expected[REPORTED[kind]] = expected.get(REPORTED[kind], 0) + count
    assert set(done.injected) == {fault["kind"] for fault in done.run.meta["faults"]}, "each kind was injected"
    assert done.failures == expected
    assert done.run.meta["outcome"]["failed"] == 0, "every request left whole"


def test_what_was_rejected_was_not_taken_and_what_broke_off_was_by_this_mock(answering: Done) -> None:
    ends, server, injected = answering.run.meta["outcome"], answering.run.server, answering.injected
    assert server is not None
    rejecting = {fault.partition(":")[0] for fault in REJECTING}
    assert server["rejected"] == {kind: count for kind, count in injected.items() if kind in rejecting}
    assert ends["rejected"] == sum(server["rejected"].values())
    assert ends["unknown"] == sum(injected.values()) - ends["rejected"]
    assert server["requests"] == ends["sent"]
    # A batch is ten events: what is unknown was taken, between one and ten events each.
    surplus = server["events"] - answering.run.meta["reconcile"]["model"]["events"]
    assert ends["unknown"] < surplus < 10 * ends["unknown"]


def test_a_stall_ends_by_the_timeout_and_its_slice_goes_on(waiting: Done) -> None:
    rows = waiting.run.slices
    # They ended within the slice they began in: a boundary's would be in no row.
    assert rows["failures"].sum() > 0
    assert rows["failures"].sum() == rows["unfinished_requests"].sum() == rows["unknown_requests"].sum()
    latency = waiting.run.latency
    assert latency[latency["bucket_high_s"] > 0.005]["count"].sum() > 0
    stalled = latency[latency["bucket_low_s"] > 0.9]["censored"].sum()
    assert stalled >= rows["unfinished_requests"].sum()


def test_a_slow_answer_counts_however_long_after_its_slice_it_came(tmp_path: Path) -> None:
    """A slow call outlasts its slice, so none of them ends in the slice it began in."""
    head = HEAD.replace("600ms", "300ms").replace("1s", "10s")
    done = perform(tmp_path, head + tables(("slow:0.1:400ms",)) + WORKLOADS)
    assert_sound(done)
    latency, rows = done.run.latency, done.run.slices
    slow = latency[latency["bucket_high_s"] > 0.4]["count"].sum()
    assert 0 < slow <= done.injected["slow"]
    assert latency["count"].sum() == rows["requests"].sum() + rows["boundary_requests"].sum()


def test_a_close_costs_a_connection_and_one_that_is_not_said_the_next_call_too(closing: Done) -> None:
    """A saturated client sends its next call before it can know."""
    assert {kind for kind, _, _ in closing.failures} == {"lost"}
    assert sum(closing.failures.values()) <= closing.injected["close-unsaid"]
    assert closing.run.meta["parts"]["total"]["connections"] >= closing.injected["close"]
    assert closing.run.meta["faults"] == []


def test_faults_inside_tls_are_reported_likewise(tmp_path: Path) -> None:
    faults = (*BREAKING, *CLOSING, "stall:0.05")
    # As many calls on every machine, however many handshakes it makes in a slice.
    head = HEAD.replace("600ms", "200ms").replace("rounds = 1", "rounds = 100")
    done = perform(tmp_path, head + SECURE.format(faults=tables(faults)), "--max-messages", "150")
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
    assert done.run.meta["outcome"]["acknowledged"] == 2, "a call of each workload, before the faults begin"
    assert "in 3 slices in a row; the last calls failed: 500: Internal server error" in done.said


def test_a_plan_with_an_impossible_fault_sends_nothing(run: Command, tmp_path: Path) -> None:
    (tmp_path / "sick.toml").write_text(HEAD + '[[mock.fault]]\nkind = "stal"\n' + WORKLOADS)
    done = run("run", "sick.toml")
    assert done.returncode == 2
    assert "[[mock.fault]] 1: unknown fault 'stal'" in done.stderr
    assert "(did you mean stall?)" in done.stderr
    assert not (tmp_path / "results").exists()
