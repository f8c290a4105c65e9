"""Faults as they are written, and which requests they hit."""

from __future__ import annotations

import tomllib

import pytest

from wiretax.load.plan.faults import FaultError, parse_fault
from wiretax.load.plan.plan import PlanError
from wiretax.load.plan.reading import parse_plan
from wiretax.mock.faults import KINDS, Fault, FaultList, Kind

PLAN = 'schema = 1\nname = "p"\nseed = 5\n[[workload]]\napi = "trigger"\npayload_bytes = [10, 100]\n'


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("stall", Fault("stall", 1.0)),
        (" reset:0.25", Fault("reset", 0.25)),
        ("slow", Fault("slow", 1.0, 0.2)),
        ("slow:.5:50ms", Fault("slow", 0.5, 0.05)),
        ("rate-limit:0.1", Fault("rate-limit", 0.1, 1.0)),
        ("rate-limit:1:2m", Fault("rate-limit", 1.0, 120.0)),
        ("rate-limit:1:0s", Fault("rate-limit", 1.0, 0.0)),
    ],
)
def test_a_fault_is_read_and_written_as_an_option(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault
    assert parse_fault(str(fault)) == fault


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "unknown fault ''; one of slow, half-body"),
        ("rate_limit", "(did you mean rate-limit?)"),
        ("stall:0", "stall: share 0, expected over 0 and up to 1"),
        ("stall:1.5", "stall: share 1.5, expected over 0 and up to 1"),
        ("stall:nan", "stall: share nan, expected over 0 and up to 1"),
        ("stall:half", "share 'half', expected a number over 0 and up to 1"),
        ("stall:1:2s", "stall takes no time; a time goes with slow and rate-limit"),
        ("slow:1:2", "slow: '2' is not a duration"),
        ("slow:1:1h", "slow: 1h, expected 600 s at most"),
        ("rate-limit:1:1500ms", "rate-limit: 1500ms, expected whole seconds"),
        ("slow:1:2s:3", "expected KIND[:SHARE[:TIME]]"),
    ],
)
def test_what_is_no_fault_is_said_in_a_line(text: str, says: str) -> None:
    with pytest.raises(FaultError) as raised:
        parse_fault(text)
    assert says in str(raised.value)


def test_a_plan_has_a_table_for_each_fault() -> None:
    plan = parse_plan(
        tomllib.loads(
            PLAN + '[[mock.fault]]\nkind = "rate-limit"\nshare = 0.1\nretry_after = "2s"\n'
            '[[mock.fault]]\nkind = "slow"\nshare = 0.2\ndelay = "30ms"\n'
            '[[mock.fault]]\nkind = "stall"\nshare = 0.7\n'
        )
    )
    assert plan.faults.faults == (Fault("rate-limit", 0.1, 2.0), Fault("slow", 0.2, 0.03), Fault("stall", 0.7))
    assert plan.faults.seed == 5
    # The exchange before the run that finds out whether anybody is there.
    assert plan.faults.after == len(plan.workloads)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ('kind = "half-bod"', "[[mock.fault]] 1: unknown fault 'half-bod'; one of "),
        ('kind = "half-bod"', "(did you mean half-body?)"),
        ('kind = "stall"\nshares = 0.1', "unknown key 'shares' in [[mock.fault]] 1; "),
        ("share = 0.1", "[[mock.fault]] 1: missing key kind"),
        ('kind = "stall"\nshare = "much"', "[[mock.fault]] 1 share: expected float, got str"),
        ('kind = "stall"\nshare = 0', "[[mock.fault]] 1: stall: share 0, expected over 0 and up to 1"),
        (
            'kind = "stall"\ndelay = "1s"',
            '[[mock.fault]] 1: delay goes with kind = "slow" or "delay-delivery", not with \'stall\'',
        ),
        ('kind = "slow"\nretry_after = "1s"', "retry_after goes with kind = \"rate-limit\", not with 'slow'"),
        ('kind = "slow"\ndelay = "soon"', "[[mock.fault]] 1: slow: 'soon' is not a duration"),
        (
            'kind = "stall"\nshare = 0.6\n[[mock.fault]]\nkind = "reset"\nshare = 0.6',
            "[[mock.fault]] 2: shares add up to 1.2, expected 1 at most",
        ),
    ],
)
def test_a_plans_faults_are_checked_with_it(table: str, says: str) -> None:
    with pytest.raises(PlanError) as raised:
        parse_plan(tomllib.loads(f"{PLAN}[[mock.fault]]\n{table}\n"))
    assert says in str(raised.value)


def test_faults_and_http_2_do_not_go_together() -> None:
    text = PLAN + 'client = "httpx-library"\nhttp = ["1.1", "2"]\ntls = true\n[[mock.fault]]\nkind = "stall"\n'
    with pytest.raises(PlanError, match=r"\[\[mock.fault\]\]: the mock has faults by HTTP/1.1 alone"):
        parse_plan(tomllib.loads(text))


def test_a_share_is_of_the_requests() -> None:
    faults = FaultList((Fault("stall", 0.3), Fault("reset", 0.05)), seed=3)
    drawn = [faults.draw(connection, request) for connection in range(20) for request in range(1000)]
    kinds = [fault and fault.kind for fault in drawn]
    # Four standard deviations.
    assert kinds.count("stall") / 20_000 == pytest.approx(0.3, abs=0.013)
    assert kinds.count("reset") / 20_000 == pytest.approx(0.05, abs=0.0062)


def test_the_draw_follows_from_seed_connection_and_request() -> None:
    def draws(seed: int, connection: int) -> list[bool]:
        faults = FaultList((Fault("stall", 0.5),), seed)
        return [faults.draw(connection, request) is not None for request in range(64)]

    assert draws(1, 0) == draws(1, 0)
    assert draws(1, 0) != draws(2, 0)
    assert draws(1, 0) != draws(1, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_share_of_1_hits_every_request(kind: Kind) -> None:
    tenths = FaultList((Fault(kind, 0.1),) * 10)
    assert all(tenths.draw(0, request) for request in range(1000))
