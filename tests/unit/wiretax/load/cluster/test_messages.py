"""What workers send to their master: as plain data there and back, merged as if one process had measured it."""

from __future__ import annotations

import msgpack
import pytest

from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.workload import Workload
from wiretax.load.client.mocks import mock_count
from wiretax.load.cluster.assignment import Assignment, AssignmentError, assignments
from wiretax.load.plan.reading import parse_plan
from wiretax.runs.record import RunRecord
from wiretax.runs.writer import latency_table, queue_tables
from wiretax.wire.connections.target import Target
from wiretax.wire.counters import TcpCounters, TlsCounters
from wiretax.wire.histogram import SIZE, Histogram
from wiretax.wire.ledger import COUNTS, Failure, Peer, Tally, Witness
from wiretax.wire.slices import Slice

WORKLOAD = Workload.of(api="batch", batch_size=10)
LATE_NS = [5 * 10**9]
TIMED_OUT_NS = [10 * 10**9] * 2


def slice_(scale: int, latencies_ns: list[int]) -> Slice:
    """A settled slice, each of its counts another."""
    made = Slice(WORKLOAD, 3)
    for number, name in enumerate(COUNTS, 1):
        setattr(made.measured, name, scale * number)
        setattr(made.boundary, name, scale + number)
    made.measured.failed[Failure("rejected", 413, "too large")] = scale
    made.boundary.failed[Failure("lost", 0, "reset")] = 1
    made.tcp, made.tls = TcpCounters(1, 2, 3, 4, 5 * scale), TlsCounters(1, 2, 3, scale)
    made.close()
    made.latencies_ns.extend(latencies_ns)
    made.settle()
    made.boundary.latency.record(LATE_NS)
    made.boundary.latency.record_censored(TIMED_OUT_NS)
    return made


def carried(plain: object) -> object:
    """As Locust carries it."""
    return msgpack.loads(msgpack.dumps(plain), raw=False, strict_map_key=False)


def travelled(made: Slice) -> Slice:
    return Slice.of_plain(carried(made.as_plain()))  # type: ignore[arg-type]


def test_a_slice_arrives_as_it_left() -> None:
    made = slice_(2, [1_500, 1_500, 80_000, 10**9, 10**12])
    came = travelled(made)
    assert not came.open
    for name in ("workload", "round", "counts", "started_at", "duration_s", "tcp", "tls"):
        assert getattr(came, name) == getattr(made, name)
    for mine, theirs in ((came.measured, made.measured), (came.boundary, made.boundary)):
        assert mine.counts() == theirs.counts()
        assert mine.failed == theirs.failed
        assert (mine.latency.counts == theirs.latency.counts).all()
        assert (mine.latency.censored == theirs.latency.censored).all()
    without = slice_(1, [])
    without.tcp, without.counts = None, False
    assert travelled(without).tcp is None
    assert not travelled(without).counts


def test_what_arrived_is_recorded_as_what_never_left() -> None:
    here, there = RunRecord(), RunRecord()
    for worker, made in enumerate((slice_(1, [2_000, 3_000_000]), slice_(7, [2_000, 5_000]))):
        here.add(made, 2, worker)
        there.add(travelled(made), 2, worker)
    assert there.slices == here.slices
    assert there.failed == here.failed
    assert there.total.counts() == here.total.counts()
    assert there.boundary.counts() == here.boundary.counts()
    assert latency_table(there).equals(latency_table(here))
    # Both workers' histograms are one, and what ended after the slice is in it.
    rows = latency_table(there).to_pylist()
    assert [(row["count"], row["censored"]) for row in rows] == [(2, 0), (1, 0), (1, 0), (2, 0), (0, 4)]


def test_a_rows_bucket_is_there_once_however_many_workers_filled_it() -> None:
    record, alone = RunRecord(), RunRecord()
    every_ns = [[1_000 * each for each in range(1, 90)], [700 * each for each in range(1, 300)], []]
    for worker, latencies_ns in enumerate(every_ns):
        record.add(slice_(1, latencies_ns), 1, worker)
    together = slice_(1, [each for latencies_ns in every_ns for each in latencies_ns])
    for _ in every_ns[1:]:
        together.boundary.latency.record(LATE_NS)
        together.boundary.latency.record_censored(TIMED_OUT_NS)
    alone.add(together, 3)
    assert latency_table(record).equals(latency_table(alone))


QUEUED = WORKLOAD.replace(rate=500.0, publishers=4)


def queued(publishers: int | None, waited_s: float) -> Slice:
    """A settled slice of a queue, each of its counts another."""
    made = Slice(QUEUED, 3)
    tally = made.queue
    assert tally is not None
    tally.intended, tally.arrived, tally.left, tally.publishers = 99, 88, 5, publishers
    tally.overloaded = "the queue grew"
    tally.delivered([0.0] * 7, waited_s, waited_s + 0.02)
    tally.delivered([0.0] * 10, waited_s, waited_s + 0.03)
    tally.failed([0.0] * 3, 0.1, 0.2)
    tally.never_sent([0.0] * 4, 0.5)
    tally.came_late([0.0, 0.0], 0.001)
    tally.depths = [(0.0, 0), (0.0201234, 3), (1.0, 5)]
    made.close()
    made.settle()
    return made


def test_a_queue_arrives_as_it_left() -> None:
    made = queued(3, 0.01)
    mine, theirs = travelled(made).queue, made.queue
    assert mine is not None
    assert theirs is not None
    for name in ("intended", "arrived", "acknowledged", "lost", "left", "unsent", "overloaded", "publishers"):
        assert getattr(mine, name) == getattr(theirs, name)
    assert (mine.acknowledged, mine.lost, mine.unsent) == (17, 3, 4)
    assert (mine.fills, mine.depths) == (theirs.fills, theirs.depths)
    for came, left in [(mine.late, theirs.late), *((mine.times[kind], theirs.times[kind]) for kind in mine.times)]:
        assert (came.counts == left.counts).all()
        assert (came.censored == left.censored).all()
    assert mine.times["total"].censored.sum() == 7
    untouched = travelled(Slice(QUEUED, 0)).queue
    assert untouched is not None
    assert (untouched.depths, untouched.publishers) == ([], None)
    assert travelled(slice_(1, [])).queue is None


def test_a_queue_of_several_workers_is_recorded_as_one_with_a_row_for_each() -> None:
    here, there = RunRecord(), RunRecord()
    for worker, made in enumerate((queued(3, 0.01), queued(1, 0.04), queued(0, 0.01))):
        here.add(made, 2, worker)
        there.add(travelled(made), 2, worker)
    assert there.queues == here.queues
    assert [(row["worker"], row["users"]) for row in there.slices] == [(0, 3), (1, 1), (2, 0)]
    rows = queue_tables(there)["waits"].to_pylist()
    assert rows == queue_tables(here)["waits"].to_pylist()
    buckets = [(row["kind"], row["bucket_low_s"]) for row in rows]
    assert len(set(buckets)) == len(buckets)
    assert sum(row["count"] + row["censored"] for row in rows if row["kind"] == "total") == 3 * 24
    # One process has all of a plan's publishers, a worker those that it was told.
    alone = RunRecord()
    alone.add(queued(None, 0.01), 16)
    assert [row["users"] for row in alone.slices] == [4]


@pytest.mark.parametrize(
    "change",
    [
        {"fills": [[11, 1]]},
        {"depths": [b"\0" * 8, b"\0" * 8]},
        {"depths": [b"\0" * 7, b"\0" * 4]},
        {"depths": [b"\xff" * 8, b"\0" * 4]},
        {"times": [[b"", b"", b""]] * 2},
        {"late": [b"\0\0", b"", b""]},
    ],
)
def test_what_is_no_queue_is_refused(change: dict[str, object]) -> None:
    plain = queued(1, 0.01).as_plain()
    plain["queue"] |= change
    with pytest.raises(ValueError, match=r"."):
        Slice.of_plain(plain)


def test_a_slice_of_a_queue_without_its_counts_is_refused() -> None:
    plain = queued(1, 0.01).as_plain()
    plain["queue"] = None
    with pytest.raises(TypeError):
        Slice.of_plain(plain)


@pytest.mark.parametrize(
    "plain",
    [
        [b"\0\0", b"", b""],
        [b"\0\0", b"\0" * 8, b""],
        [b"\xff\xff", b"\0" * 8, b"\0" * 8],
        [b"\0\0", b"\0" * 8],
        [b"\0", b"\0" * 8, b"\0" * 8],
    ],
)
def test_what_is_no_histogram_is_refused(plain: list[bytes]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Histogram.of_plain(plain)


def test_a_full_histogram_arrives_too() -> None:
    full = Histogram()
    full.counts += 2**40
    full.censored += 2**41
    came = Histogram.of_plain(full.as_plain())
    assert (came.counts == full.counts).all()
    assert (came.censored == full.censored).all()
    assert len(full.as_plain()[0]) == 2 * SIZE


def test_witnesses_add_up_and_travel() -> None:
    one = Witness(1, 2, TcpCounters(1, 1, 1, 1, 1), TlsCounters(1, 2, 3, 4))
    both = one.plus(Witness(10, 20, TcpCounters(5, 5, 5, 5, 5), TlsCounters(1, 1, 1, 1)))
    assert both == Witness(11, 22, TcpCounters(6, 6, 6, 6, 6), TlsCounters(2, 3, 4, 5))
    here, there = Peer("endpoint", "::1", 80), Peer("against", "::1", 80)
    spread = Witness(peers={here: 1}).plus(Witness(peers={here: 2, there: 4}))
    assert spread.peers == {here: 3, there: 4}
    assert Witness.of_plain(carried(spread.as_plain())) == spread  # type: ignore[arg-type]
    assert Witness.of_plain(carried(both.as_plain())) == both  # type: ignore[arg-type]
    # One kernel that keeps no count leaves the sum unknown.
    assert one.plus(Witness(tcp=None)).tcp is None


def test_a_tally_of_another_make_is_refused() -> None:
    plain = Tally().as_plain()
    del plain["requests"]
    with pytest.raises(KeyError):
        Tally.of_plain(plain)


PLAN = parse_plan(
    {
        "schema": 1,
        "name": "p",
        "workload": [
            {"api": "trigger", "client": ["reference", "python"]},
            {"api": "batch", "batch_size": 2, "encrypted": [False, True]},
        ],
    }
)
TARGET = Target(Endpoint("http", "127.0.0.1", 80, DEMO, "/ws", signs_prefix=True))


def test_an_assignment_needs_no_plan_where_it_arrives() -> None:
    given = Assignment.of(PLAN, [TARGET])
    came = Assignment.of_plain(carried(given.as_plain()))  # type: ignore[arg-type]
    assert came == given
    assert came.fingerprint() == given.fingerprint()
    assert DEMO.secret not in repr(came)
    assert came.targets[0].endpoint.app.master_key == DEMO.master_key
    assert repr(DEMO.master_key) not in repr(came)


def test_other_bytes_have_another_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    given = Assignment.of(PLAN, [TARGET])
    marks = {given.fingerprint()}
    marks.add(Assignment(**{**_fields(given), "seed": 2}).fingerprint())
    marks.add(Assignment(**{**_fields(given), "workloads": given.workloads[:1]}).fingerprint())
    monkeypatch.setattr("wiretax.load.cluster.assignment.__version__", "0.0.1")
    marks.add(given.fingerprint())
    assert len(marks) == 4


def _fields(given: Assignment) -> dict[str, object]:
    return {name: getattr(given, name) for name in Assignment.__slots__}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"workloads": [{"api": "trigger", "colour": "red"}]}, "does not understand"),
        ({"targets": [{"endpoint": ["http", "h"]}]}, "does not understand"),
        ({"targets": None}, "does not understand"),
    ],
)
def test_an_assignment_that_is_not_understood_says_so(change: dict[str, object], says: str) -> None:
    with pytest.raises(AssignmentError, match=says):
        Assignment.of_plain({**Assignment.of(PLAN, [TARGET]).as_plain(), **change})


def test_an_authority_that_a_worker_lacks_is_named() -> None:
    plain = Assignment.of(PLAN, [TARGET]).as_plain()
    plain["targets"][0] |= {"endpoint": ["https", "127.0.0.1", 443], "ca": "/nowhere/ca.pem"}
    with pytest.raises(AssignmentError, match=r"/nowhere/ca\.pem: can't be read"):
        Assignment.of_plain(plain)


def test_each_worker_has_the_mocks_of_all_round_trips() -> None:
    near, far = (
        Target(Endpoint("http", "127.0.0.1", port, DEMO), rtt_s=rtt_s) for port, rtt_s in ((1, 0.0), (2, 0.05))
    )
    [given] = assignments(PLAN, [near, far])
    assert given.targets == (near, far)
    assert Assignment.of_plain(carried(given.as_plain())).targets == (near, far)  # type: ignore[arg-type]


def test_workers_share_several_mocks_and_each_has_all_servers() -> None:
    mocks = [Target(Endpoint("http", "127.0.0.1", port, DEMO)) for port in (1, 2)]
    other = Target(Endpoint("http", "127.0.0.1", 3, DEMO), server="against")
    given = assignments(PLAN, [*mocks, other])
    assert [each.targets for each in given] == [(mocks[0], other), (mocks[1], other)]
    [alone] = assignments(PLAN, [TARGET])
    assert alone.targets == (TARGET,)


@pytest.mark.parametrize(
    ("mock", "workers", "cores", "count"),
    [
        ({}, 0, 64, 1),
        ({}, 2, 2, 1),
        ({}, 2, 4, 2),
        ({"rtt": "40ms"}, 8, 8, 4),
        ({"per_request": "1ms"}, 8, 64, 1),
        ({"per_event": "1ms"}, 8, 64, 1),
    ],
)
def test_a_server_of_known_capacity_stays_one(mock: dict[str, str], workers: int, cores: int, count: int) -> None:
    plan = parse_plan({"schema": 1, "name": "p", "mock": mock, "workload": [{"api": "trigger"}]})
    assert mock_count(plan, workers, cores) == count
