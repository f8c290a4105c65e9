"""The master of a free run with workers that are made up: what is merged, and who is named."""

from __future__ import annotations

from typing import Any

import locust_unpatched  # noqa: F401
import msgpack
import pytest
from fake_locust import Runner
from locust.argument_parser import LocustArgumentParser
from locust.event import EventHook, Events
from locust.stats import RequestStats, StatsEntry, setup_distributed_stats_event_listeners

import wiretax.load.cluster.free_master
import wiretax.load.cluster.registry
from wiretax import __version__
from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.workload import Workload
from wiretax.load.client.message_limit import MessageLimit
from wiretax.load.cluster import messages
from wiretax.load.cluster.assignment import AssignmentError, FreeAssignment
from wiretax.load.cluster.free_master import FreeMaster
from wiretax.load.cluster.report import WorkerReport
from wiretax.load.free.options import FreeRunOptions, add_options
from wiretax.load.free.stages import Stage
from wiretax.runs.record import RunRecord
from wiretax.wire.connections.target import Target
from wiretax.wire.ledger import TcpCounters, Witness
from wiretax.wire.slices import Slice

TARGET = Target(Endpoint("http", "127.0.0.1", 80, DEMO))
TRIGGER, BATCH = Workload.of(), Workload.of(api="batch", batch_size=10)
SENT_BYTES = 120


def window(workload: Workload = TRIGGER, round_: int = 0, stage: int = 0) -> Slice:
    """A settled window with one request."""
    slice_ = Slice(workload, round_, stage)
    slice_.measured.requests = slice_.measured.events = 1
    slice_.measured.body_bytes = SENT_BYTES
    slice_.tcp = TcpCounters(sent=SENT_BYTES)
    slice_.close()
    return slice_


class FakeWorker:
    """Reports what it is told to, and a witness of it in the end."""

    def __init__(self, test: Test, name: str, version: str = __version__) -> None:
        self.test, self.name, self.heard = test, name, []  # type: ignore[var-annotated]
        self.reported = 0
        self.shares: list[Any] = []
        test.runner.join(name, self, version)

    def hear(self, name: str, data: Any) -> None:
        self.heard.append(name)
        if name == messages.SHARE:
            self.shares.append(data)
        if name == "stop":
            self.say_final()

    def report(self, *slices: Slice, locusts: int = 0, part: int = 0, **changes: Any) -> None:
        """A worker's report of a part of the run, with Locust's statistics of ``locusts`` requests."""
        self.reported += len(slices)
        plain = WorkerReport([(each, 2) for each in slices], 0.25 * self.reported).as_plain()
        entry = StatsEntry(RequestStats(), "n", "POST")
        entry.num_requests = locusts
        theirs = {"stats": [entry.serialize()], "stats_total": entry.serialize(), "errors": {}}
        told = {**theirs, messages.PART: part, messages.REPORT: {**plain, **changes}}
        carried = msgpack.loads(msgpack.dumps(told), strict_map_key=False)
        self.test.reported.fire(client_id=self.name, data=carried)

    def say_final(self, **changes: Any) -> None:
        sent = SENT_BYTES * self.reported
        last = WorkerReport([], 2.0, 7, 1, 0.5, Witness(sent, 0, TcpCounters(sent=sent)))
        self.test.runner.say(self.name, messages.FINAL_REPORT, {**last.as_plain(), **changes})


class TriggerUser:
    drains_queue = False


class QueueUser:
    drains_queue = True


class Test:
    """A test that has begun."""

    __test__ = False

    def __init__(self, *options: str) -> None:
        self.runner, self.reported = Runner(), EventHook()
        self.events = self
        self.user_classes = [TriggerUser, QueueUser]
        self.worker_report = self.reported
        self.master = FreeMaster(self)
        self.halted: list[str] = []
        parser = LocustArgumentParser(add_help=False)
        add_options(parser)
        self.parsed = parser.parse_args(options)
        self.begin()

    def begin(self) -> None:
        self.master.begin(self.parsed, TARGET, 1, 1.0, MessageLimit(100), self.halted.append)

    def finish(self) -> tuple[RunRecord, Any]:
        return self.master.finish(), self.master.summary()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiretax.load.cluster.registry, "POLL_S", 0.001)
    monkeypatch.setattr(wiretax.load.cluster.free_master, "FINAL_TIMEOUT_S", -0.95)


@pytest.fixture
def test() -> Test:
    return Test()


def test_all_that_workers_report_is_in_the_record(test: Test) -> None:
    one, other = FakeWorker(test, "a"), FakeWorker(test, "b")
    one.report(window(), window(BATCH))
    other.report(window(round_=1))
    one.report()
    record, summary = test.finish()
    assert [(row["worker"], row["round"], row["api"]) for row in record.slices] == [
        (0, 0, "trigger"),
        (0, 0, "batch"),
        (1, 1, "trigger"),
    ]
    assert summary.witness.sent_bytes == 3 * SENT_BYTES
    assert (summary.cpu_s, summary.count, summary.lost, summary.warnings) == (4.0, 2, (), ())
    assert [each["state"] for each in summary.workers] == ["finished", "finished"]
    assert test.master.taken == 14
    assert (test.master.pauses.times, test.master.pauses.waited_s) == (2, 0.5)


def test_a_worker_without_a_final_report_is_lost_and_its_windows_stand_for_its_sockets(test: Test) -> None:
    worker = FakeWorker(test, "a")
    worker.report(window())
    worker.say_final = lambda: None  # type: ignore[assignment]
    _, summary = test.finish()
    assert summary.lost == ("worker 0 (elsewhere, process 101) was lost: it sent no final report within 0.05 s",)
    assert summary.witness.sent_bytes == SENT_BYTES


def test_a_worker_that_says_nothing_at_all_is_named(test: Test) -> None:
    FakeWorker(test, "host_1")
    test.master.begin(test.parsed, TARGET, 1, 1.0, None, test.halted.append)
    test.runner.clients["host_1"].user_count = 1
    _, summary = test.finish()
    assert "worker 0 (host, process 0) was lost: it reported nothing" in summary.lost[0]


def test_workers_of_another_version_are_refused_and_others_can_end_the_test(test: Test) -> None:
    bad, good = FakeWorker(test, "a", "0.0.1"), FakeWorker(test, "b")
    assert bad.heard == [messages.REFUSED]
    bad.report(window())
    test.runner.say("b", messages.HALT, {"why": "it rejects this app"})
    assert test.halted == ["it rejects this app"]
    good.report(window())
    record, summary = test.finish()
    assert [row["worker"] for row in record.slices] == [1]
    assert [each["state"] for each in summary.workers] == ["refused", "finished"]
    assert "was refused: it runs wiretax 0.0.1" in summary.warnings[0]


def test_a_stage_begins_at_each_worker_also_at_those_that_come_later(test: Test) -> None:
    early = FakeWorker(test, "a")
    test.master.begin_stage(Stage(4, 1.0))
    assert early.heard == []  # it begins with the test
    test.master.begin_stage(Stage(8, 1.0))
    test.master.begin_stage(Stage(8, 2.0))  # the same users
    assert early.heard == [messages.BEGIN_PART]
    assert FreeAssignment.of_plain(getattr(test.parsed, messages.OPTION)).part == 1
    early.report(window(stage=0), window(stage=1))
    record, _ = test.finish()
    assert [(row["round"], row["stage"]) for row in record.slices] == [(0, 0), (1, 1)]
    assert [each["users"] for each in test.master.plan["stages"]] == [4, 8]


def test_after_a_reset_neither_the_run_nor_locust_counts_what_was_sent_before_it(test: Test) -> None:
    stats, merge = RequestStats(), Events()
    merge.worker_report = test.reported
    setup_distributed_stats_event_listeners(merge, stats)
    worker = FakeWorker(test, "a")
    worker.report(window(), locusts=10)
    assert stats.total.num_requests == 10
    test.master.reset()
    stats.reset_all()
    assert worker.heard == [messages.BEGIN_PART]
    # On its way when the master was reset.
    worker.report(window(round_=1), locusts=20)
    worker.report(window(stage=1), locusts=5, part=1)
    record, _ = test.finish()
    assert [(row["stage"], row["requests"]) for row in record.slices] == [(0, 1)]
    assert (record.total.requests, record.aside.requests) == (3, 2)
    assert stats.total.num_requests == 5
    assert {entry.name: entry.num_requests for entry in stats.entries.values()} == {"n": 5}


NONSENSE: list[tuple[dict[str, Any], str]] = [
    ({"slices": 3}, "Expected `array`, got `int` - at `slices`"),
    ({"slices": [{"slice": {}, "users": 1}]}, "missing required field"),
    ({"slices": [{"slice": window().as_plain(), "users": -1}]}, "Expected `int` >= 0 - at `slices[0].users`"),
    ({"slices": [{"slice": window(round_=-1).as_plain(), "users": 1}]}, "a window before the start"),
    (
        {"slices": [{"slice": {**window().as_plain(), "tls": [1, 2]}, "users": 1}]},
        "Expected `array` of length 4, got 2 - at `slices[0].slice.tls`",
    ),
    (
        {"slices": [{"slice": {**window().as_plain(), "workload": {"colour": "red"}}, "users": 1}]},
        "not a slice: KeyError('colour')",
    ),
    (
        {"slices": [{"slice": window(Workload.of(payload_bytes=7)).as_plain(), "users": 1}]},
        "a slice of trigger-7B-chat-reference, which this worker was not told to send",
    ),
    ({"cpu_s": float("nan")}, "at `cpu_s`"),
    ({"messages": 1.5}, "Expected `int`, got `float` - at `messages`"),
]


@pytest.mark.parametrize(("changes", "says"), NONSENSE, ids=range(len(NONSENSE)))
def test_a_report_that_makes_no_sense_is_named_and_its_worker_lost(
    test: Test, changes: dict[str, Any], says: str
) -> None:
    bad, good = FakeWorker(test, "a"), FakeWorker(test, "b")
    bad.report(window())
    bad.report(**changes)
    bad.report(window(BATCH))
    good.report(window())
    record, summary = test.finish()
    # Nothing of it, nor of what came after it, is in the record; its users are stopped all the same.
    assert [(row["worker"], row["api"]) for row in record.slices] == [(0, "trigger"), (1, "trigger")]
    assert bad.heard == ["stop"]
    assert summary.witness.sent_bytes == 2 * SENT_BYTES
    [lost] = summary.lost
    assert lost.startswith(
        "worker 0 (elsewhere, process 101) was lost: its wiretax-report message can't be read: "
    )
    assert says in lost


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"witness": None}, "no witness"),
        ({"witness": {"sent_bytes": 1}}, "missing required field `received_bytes` - at `witness`"),
        ({"pauses": -1}, "Expected `int` >= 0 - at `pauses`"),
    ],
)
def test_a_final_report_that_makes_no_sense_is_named(test: Test, changes: dict[str, Any], says: str) -> None:
    worker = FakeWorker(test, "a")
    worker.report(window())
    whole = worker.say_final
    worker.say_final = lambda: whole(**changes)  # type: ignore[assignment, method-assign]
    _, summary = test.finish()
    assert "its wiretax-final-report message can't be read: " in summary.lost[0]
    assert says in summary.lost[0]


def test_the_options_carry_the_assignment_and_each_workers_share(test: Test) -> None:
    for name in ("a", "b", "c"):
        FakeWorker(test, name)
    test.begin()
    assigned = FreeAssignment.of_plain(getattr(test.parsed, messages.OPTION))
    assert assigned == FreeAssignment(TARGET, 1, 1.0, {"a": 33, "b": 33, "c": 33})


@pytest.mark.parametrize("plain", [None, {}, {"wiretax": "0.0.1"}, {"wiretax": __version__}])
def test_an_assignment_of_another_version_is_refused(plain: object) -> None:
    with pytest.raises(AssignmentError, match=f"it runs wiretax {__version__}, its master"):
        FreeAssignment.of_plain(plain)


def test_arrivals_follow_the_publishers_as_they_come_and_go(test: Test) -> None:
    one, other = FakeWorker(test, "a"), FakeWorker(test, "b")
    dealing, nodes = test.master._dealing, test.runner.clients
    dealing.look()
    nodes["a"].user_classes_count = {"TriggerUser": 5}
    dealing.look()
    assert one.shares == other.shares == []
    nodes["a"].user_classes_count = {"TriggerUser": 5, "QueueUser": 2}
    dealing.look()
    dealing.look()
    assert one.shares == [{"dealt": [2, 0], "index": 0}]
    assert other.shares == [{"dealt": [2, 0], "index": 1}]
    nodes["b"].user_classes_count = {"QueueUser": 1}
    dealing.look()
    assert other.shares[1:] == [{"dealt": [2, 1], "index": 1}]
    # One that sends no heartbeat any more leaves its part to the others.
    nodes["b"].state = "missing"
    dealing.look()
    assert one.shares[-1] == {"dealt": [2], "index": 0}
    del nodes["a"].user_classes_count["QueueUser"]
    dealing.look()
    assert one.shares[-1] == {"dealt": [0], "index": 0}
    assert len(one.shares) == 4


def test_a_worker_that_begins_is_told_its_part_whatever_was_told_before(test: Test) -> None:
    FakeWorker(test, "a")
    test.runner.clients["a"].user_classes_count = {"QueueUser": 2}
    # Before its hello, which tells that it begins the test, it ignores that.
    test.master._dealing.look()
    test.master._registry.workers.clear()
    again = FakeWorker(test, "a")
    test.runner.clients["a"].user_classes_count = {"QueueUser": 2}
    test.master._dealing.look()
    assert again.shares == [{"dealt": [2], "index": 0}]


def test_a_workers_queue_travels_with_its_window(test: Test) -> None:
    queue = FreeRunOptions.of(test.parsed, tls=False).queued_workload()
    one, other = FakeWorker(test, "a"), FakeWorker(test, "b")
    for worker, waited_s in ((one, 0.01), (other, 0.03)):
        made = Slice(queue, 0)
        assert made.queue is not None
        made.queue.arrived = 4
        made.queue.delivered([0.0] * 4, waited_s, waited_s + 0.001)
        made.close()
        made.settle()
        worker.report(made)
    record, _ = test.finish()
    assert [(row["worker"], row["arrived"], row["acknowledged"]) for row in record.queues] == [
        (0, 4, 4),
        (1, 4, 4),
    ]
    totals = [buckets.counts.tolist() for *_, kind, buckets in record.waits if kind == "total"]
    assert totals == [[4, 4]]


def test_one_full_queue_ends_the_test_once_and_it_stays_valid(test: Test) -> None:
    ended: list[str] = []
    test.master.on_overloaded = ended.append
    for name in "ab":
        FakeWorker(test, name)
        test.runner.say(name, messages.OVERLOADED, {"number": 0, "why": "the queue reached its bound"})
    assert ended == ["the queue reached its bound"]
    assert (test.halted, test.master.ended_early) == ([], "")
