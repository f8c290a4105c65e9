"""From rate and budget to a batch size: values computed by hand, and their wording."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from analysis.advice.advice_text import choice, print_advice
from analysis.advice.advise import Advice, Demand, advise, linger
from analysis.advice.call_cost import UNKNOWN, CallCost
from analysis.advice.connections_seen import ASSUMED, ConnectionBehaviour
from analysis.advice.reasons import reasons
from wiretax.channels.endpoint import DEMO, PLAIN_SERVICE, Endpoint
from wiretax.channels.profiles import load_profile, profile_names
from wiretax.channels.request.sizes import request_sizes
from wiretax.channels.workload import Workload

SERVICE = Endpoint("https", "api-mt1.pusher.com", 443, DEMO)
FREE_MOCK = {"servers": 1, "rtt_s": 0.0, "per_request_s": 0.0, "per_event_s": 0.0}
MEASURED = CallCost(20e-6, 1e-6, "measured", Workload.of(payload_bytes=200, tls=True), FREE_MOCK)


def demand(**changes: Any) -> Demand:
    made = {"rate": 500.0, "rtt_s": 0.04, "budget_s": 0.1, "limit": 10}
    one = {name: changes.pop(name) for name in ("payload_bytes", "client", "connection") if name in changes}
    workload = Workload.of(**{"payload_bytes": 200, "tls": True, **one})
    return Demand(workload, SERVICE, **{**made, **changes})


def said(advice: Advice) -> str:
    return "\n".join([*choice(advice), *reasons(advice)])


def test_a_typical_demand() -> None:
    advice = advise(demand())
    best = advice.advised
    assert best is not None
    # 95 % of batches of ten are full 28.9 ms after their first event, at 500 a second.
    assert (best.batch_size, best.linger_s) == (10, 0.029)
    assert 0.95 <= best.filled < 0.97
    assert best.calls_per_s == pytest.approx(500 / best.events_per_call)
    assert best.worst_s == pytest.approx(0.040 + 0.029)
    assert 0.040 < best.mean_s < best.worst_s
    assert advice.trigger.bytes_per_s == 500 * request_sizes(demand().workload, SERVICE).sent
    # Twenty calls under way, and a fifth of all connections idle.
    assert advice.trigger.connections == 25
    assert best.connections == 3
    assert "in batches of 10, with a linger of 29 ms" in said(advice)


@pytest.mark.parametrize(("largest", "is_extrapolated"), [(0, False), (5, True), (10, False), (100, False)])
def test_call_times_beyond_the_largest_measured_batch_are_called_extrapolated(
    largest: int, is_extrapolated: bool
) -> None:
    advice = advise(demand(), replace(MEASURED, largest_batch=largest))
    sentence = f"The largest batch in that run had {largest} events; the time of a call of 10 is extrapolated."
    assert (sentence in said(advice)) == is_extrapolated


@pytest.mark.parametrize("client", profile_names())
@pytest.mark.parametrize("payload_bytes", [9, 90, 1000, 10_000])
def test_full_batches_send_exactly_the_rendered_bytes(client: str, payload_bytes: int) -> None:
    # So many events that every batch is full.
    advice = advise(demand(rate=1e9, client=client, payload_bytes=payload_bytes, limit=12, budget_s=10))
    assert advice.options[1:]
    for option in advice.options[1:]:
        workload = advice.demand.workload.replace(api="batch", batch_size=option.batch_size)
        sent = request_sizes(workload, SERVICE).sent
        assert option.largest_bytes == sent
        assert option.bytes_per_s == pytest.approx(1e9 * sent / option.batch_size)


def test_partly_filled_batches_send_the_mean_over_their_sizes() -> None:
    option = advise(demand(rate=40, limit=3)).options[2]
    # 60 ms of linger; 2.4 events follow within it on average.
    more = 40 * 0.060
    shares = np.exp(-more) * np.array([1, more])
    shares = np.append(shares, 1 - shares.sum())
    batches = [demand().workload.replace(api="batch", batch_size=size) for size in (1, 2, 3)]
    sent = [request_sizes(batch, SERVICE).sent for batch in batches]
    size = shares @ [1, 2, 3]
    assert option.bytes_per_s == pytest.approx(40 / size * (shares @ sent))


@pytest.mark.parametrize(
    ("changes", "size", "seconds"),
    [
        ({}, 10, 0.029),
        ({"rate": 1e6}, 10, 0.001),  # 14 µs would do; no timer is as short
        ({"rate": 5}, 10, 0.059),  # 3 s would do; the budget leaves 59.97 ms
        ({"rate": 5, "budget_s": 0.3 - 1e-6}, 10, 0.25),  # 259.9 ms
        ({"rate": 5, "budget_s": 60}, 10, 2.9),  # 2.89 s
        ({"budget_s": 0.0405}, 10, 0.001),  # the budget leaves less, so this one doesn't fit
    ],
)
def test_a_linger_fills_batches_or_uses_the_budget(changes: dict[str, Any], size: int, seconds: float) -> None:
    assert linger(demand(**changes), MEASURED, size) == pytest.approx(seconds)


@pytest.mark.parametrize("rate", [0.1, 3, 20, 333, 5000, 1e6])
@pytest.mark.parametrize("budget_s", [0.0401, 0.0415, 0.06, 0.1, 0.3, 7])
def test_the_recommendation_is_within_the_budget_and_sends_the_fewest_bytes(rate: float, budget_s: float) -> None:
    advice = advise(demand(rate=rate, budget_s=budget_s), MEASURED)
    assert advice.advised is not None
    assert advice.advised.worst_s <= budget_s + 1e-12
    fitting = [option for option in advice.options if option.fits]
    fewest = min(option.bytes_per_s for option in fitting)
    near = [option for option in fitting if option.bytes_per_s <= 1.01 * fewest]
    assert advice.advised in near
    assert advice.advised.mean_s == min(option.mean_s for option in near)


def test_an_event_takes_the_time_of_its_whole_batch() -> None:
    # Of batches of one and of two, which are equally many here, two thirds of the events are in those of two.
    slow = CallCost(0.0, 0.006, "slow", Workload.of(payload_bytes=200, tls=True), FREE_MOCK)
    budget_s = 0.040 + 2 * 0.006 + 0.010
    advice = advise(demand(rate=np.log(2) / 0.010, budget_s=budget_s, limit=2), slow)
    two = advice.options[1]
    assert (two.linger_s, two.events_per_call) == (0.010, pytest.approx(1.5))
    # Only the first of a batch waits: 0.5 / rate on average, over 1.5 events.
    wait_s = 0.5 * 0.010 / np.log(2) / 1.5
    assert two.mean_s == pytest.approx(wait_s + 0.040 + 0.006 * (1 / 3 + 2 * 2 / 3))


def test_a_shorter_wait_is_preferred_to_slightly_fewer_bytes() -> None:
    advice = advise(demand(payload_bytes=10_000, rate=5000))
    assert advice.advised is not None
    assert advice.advised.batch_size < 5
    assert advice.advised.bytes_per_s <= 1.01 * advice.options[9].bytes_per_s


def test_a_low_rate_is_not_worth_a_batch() -> None:
    advice = advise(demand(rate=0.1))
    assert advice.advised is advice.trigger
    assert "Publish by trigger" in said(advice)
    assert "Batching isn't worth it: at 0.1 events/s too few arrive within the budget" in said(advice)
    assert "1.01 events on average and send 2.2 % more bytes" in said(advice)


def test_a_budget_below_the_call_time_fits_nothing() -> None:
    advice = advise(demand(budget_s=0.02))
    assert advice.advised is None
    assert "Nothing fits." in said(advice)
    assert "A single call takes 40 ms, the budget is 20 ms" in said(advice)


def test_a_budget_without_time_to_fill_is_not_worth_a_batch() -> None:
    advice = advise(demand(budget_s=0.0405))
    assert advice.advised is advice.trigger
    assert "leaves less than the shortest linger, 1 ms" in said(advice)
    assert "!: over the budget." in said(advice)


def test_an_endpoint_without_batches() -> None:
    advice = advise(demand(limit=1))
    assert advice.advised is advice.trigger
    assert "the endpoint accepts one event per batch" in said(advice)


def test_a_large_payload_leaves_little_to_save() -> None:
    advice = advise(demand(payload_bytes=10_000))
    assert advice.advised is not None
    assert advice.advised.batch_size > 1
    assert said(advice).startswith("[bold]Batching saves few bytes, 2.0 %, since most bytes sent are payload")
    assert "more round trips" in said(advice)


def test_a_linger_limited_by_the_budget_says_what_more_would_need() -> None:
    text = said(advise(demand(rate=20)))
    assert "The budget ends the linger before most batches are full" in text
    assert "95 % of them would be full; that takes a budget of 355 ms" in text
    assert "The budget ends the linger" not in said(advise(demand()))


def test_a_publisher_that_cannot_keep_up() -> None:
    # A trigger takes 21 µs, an event in a batch of ten 3 µs: 4.2 and 0.6 times what one publisher does.
    advice = advise(demand(rate=200_000), MEASURED)
    assert advice.trigger.processes == pytest.approx(4.2)
    assert advice.trigger.processes_needed == 6
    assert advice.options[9].processes == pytest.approx(0.6)
    assert "By trigger, 6 such publishers are needed; in batches, one." in said(advice)
    more = advise(demand(rate=1e6), MEASURED)
    assert "One such publisher can't keep up: the work is 3.0 times what one can do. 4 can, 75 % busy" in said(
        more
    )
    near = advise(demand(rate=290_000), MEASURED)
    assert "One such publisher would be 87 % busy; two leave headroom." in said(near)


def test_a_connection_per_call_adds_its_handshakes() -> None:
    assert load_profile("node-18").connection == "close"
    advice = advise(demand(client="node-18", connection="close", budget_s=0.2))
    assert advice.trigger.worst_s == pytest.approx(0.12)
    assert "so a call takes 3 round trips" in said(advice)
    plain = replace(advice.demand, workload=advice.demand.workload.replace(tls=False))
    assert advise(plain).trigger.worst_s == pytest.approx(0.08)


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("closes", [False, True])
@pytest.mark.parametrize("rtt_s", [0.0, 0.0007, 0.012, 0.04, 0.2])
@pytest.mark.parametrize("payload_bytes", [200, 4000])
def test_the_recommendation_keeps_every_event_within_the_budget(
    tls: bool, closes: bool, rtt_s: float, payload_bytes: int
) -> None:
    """The worst case, counted by round trips: the first event of a batch that fills just as its linger ends."""
    workload = Workload.of(payload_bytes=payload_bytes, tls=tls)
    target = SERVICE if tls else PLAIN_SERVICE
    for rate in (0.2, 5, 80, 3000):
        for budget_s in (0.0013, 0.05, 0.1, 0.33, 1.0):
            asked = Demand(workload, target, rate, rtt_s, budget_s, 20, ConnectionBehaviour(closes, "a run"))
            advice = advise(asked, MEASURED)
            best = advice.advised
            if best is None:
                assert advice.trigger.worst_s > budget_s
                continue
            # A call by itself; on a new connection SYN, and ClientHello with TLS, are answered first.
            trips = 1 + (1 + tls if closes else 0)
            # And what does not fit in ten segments waits for the answer to them, then to twenty, and so on.
            sent, window = best.largest_bytes, 10 * 1460
            while closes and sent > window:
                trips, sent, window = trips + 1, sent - window, 2 * window
            worst_s = best.linger_s + trips * rtt_s + MEASURED.call_s + MEASURED.event_s * best.batch_size
            assert worst_s <= budget_s + 1e-9, (rate, budget_s)
            assert best.worst_s >= worst_s - 1e-9


def test_a_server_that_closes_leaves_less_time_to_linger() -> None:
    # 315 ms would fill 95 % of batches of four at 20 events/s: the budget ends the linger in both.
    kept, closed = (
        advise(demand(rate=20, budget_s=0.2, connections=ConnectionBehaviour(each, "a run"))) for each in (0, 1)
    )
    assert kept.options[9].linger_s == pytest.approx(0.160)
    assert closed.options[9].linger_s == pytest.approx(0.080)
    assert kept.trigger.worst_s == pytest.approx(0.04)
    assert closed.trigger.worst_s == pytest.approx(0.12)
    # The client still says what it says by habit: not a byte is different.
    assert closed.trigger.bytes_per_s == kept.trigger.bytes_per_s
    assert closed.trigger.connections > kept.trigger.connections


@pytest.mark.parametrize(
    ("connections", "text"),
    [
        (ASSUMED, "The server is assumed to keep connections; check with wiretax doctor."),
        (ConnectionBehaviour(False, "a-run"), "The server keeps connections, as a-run showed."),
        (ConnectionBehaviour(False, "--connection keep-alive"), "as --connection keep-alive states."),
        (
            ConnectionBehaviour(True, "a-run"),
            "closes each connection after a call, as a-run showed, so a call takes 3 round trips",
        ),
        (
            ConnectionBehaviour(True, "--connection close"),
            "as --connection close states, so a call takes 3 round trips",
        ),
    ],
)
def test_the_connection_assumption_and_its_source_are_stated(connections: ConnectionBehaviour, text: str) -> None:
    assert text in said(advise(demand(connections=connections), MEASURED))
    closed = "the work of opening one is not included" in said(advise(demand(connections=connections), MEASURED))
    assert closed == connections.closes


def test_a_budget_used_up_by_connection_set_up_is_reported() -> None:
    text = said(advise(demand(budget_s=0.1, connections=ConnectionBehaviour(True, "a-run"))))
    assert "Nothing fits." in text
    assert "so a call takes 3 round trips" in text


def test_a_verdict_comes_first() -> None:
    lines = [*choice(advise(demand(rate=5)))]
    assert lines[0] == (
        "[bold]Batching is hardly worth it: too few events arrive within the linger. It saves 10 % of the "
        "bytes, and an event is up to 60 ms later.[/bold]"
    )
    assert lines[1].startswith("Publish by trigger; or, if the bytes saved are worth the wait, in batches of ")
    rare, usual = (next(choice(advise(demand(rate=each)))) for each in (0.1, 500))
    assert rare.startswith("[bold]Batching isn't worth it: at 0.1 events/s")
    assert usual.startswith("[bold]Publish in batches of 10")


def test_the_call_time_is_part_of_the_latency() -> None:
    slow = CallCost(0.010, 0.002, "slow", Workload.of(payload_bytes=200, tls=True), FREE_MOCK)
    advice = advise(demand(rate=20), slow)
    assert advice.trigger.worst_s == pytest.approx(0.040 + 0.010 + 0.002)
    five = advice.options[4]
    assert five.linger_s == pytest.approx(0.100 - 0.060)
    assert five.worst_s == pytest.approx(0.100)


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        (UNKNOWN, "unknown and counted as 0, since no saved run shows it. Measure it with: wiretax run headline"),
        (
            MEASURED,
            "20.0 µs per call and 1.0 µs per event, measured in measured (200 B chat by reference, with TLS).",
        ),
        (MEASURED, "Its mock costs nothing"),
        (
            replace(MEASURED, mock={**FREE_MOCK, "per_request_s": 0.0002}),
            "takes 200.0 µs per call and 0.0 µs per event",
        ),
        (replace(MEASURED, by_round_trips=True), "That run waited for round trips"),
        (replace(MEASURED, workload=Workload.of(payload_bytes=17)), "without TLS, the nearest in that run"),
        (replace(MEASURED, workload=Workload.of(payload_bytes=17)), "Its payload differs a lot from 200 B"),
        (replace(MEASURED, with_connection=True), "with TLS, a connection per call"),
    ],
)
def test_the_source_of_the_call_time_is_stated(cost: CallCost, text: str) -> None:
    assert text in said(advise(demand(), cost))


PRINTED = """\
advise  500 events/s of 200 B chat by reference, to https://api-mt1.pusher.com; round trip 40 ms, budget 100 ms

Publish in batches of 10, with a linger of 29 ms, over 3 connections.
It sends 156 kB/s (405 GB per month) in 50.4 calls/s: 47 % fewer bytes and 90 % fewer calls than by trigger, 363 GB less per month.
An event takes 49 ms on average and 69 ms at worst: 8.9 ms and 29 ms more than by trigger.

               linger  events            sent  saving  mean  worst  connec-
  sent as          ms  a call  calls/s   kB/s       %    ms     ms    tions
  trigger           -     1.0      500  296.0       -  40.0   40.0       26
  batch of 2        6     2.0      256  223.6    24.5  41.0   46.0       13
  batch of 5       16     4.9      101  172.8    41.6  44.0   56.0        6
> batch of 10      29     9.9     50.4  156.1    47.3  49.0   69.0        3

The server is assumed to keep connections; check with wiretax doctor. If it closes each one after a call, use --connection close.
Work: 20.0 µs per call and 1.0 µs per event, measured in measured (200 B chat by reference, with TLS). wiretax's own publisher did it; a library may take more or less.
Its mock costs nothing: a real server's work per call is not included.
sent: HTTP bytes; TLS adds 22 B per record; a month: 30 days; saving: compared with the trigger
mean, worst: from an event's arrival to its call's response; events arrive at random, one at a time
linger: long enough to fill 95 % of batches, if the budget allows; connections: 80 % busy
"""  # noqa: E501 - as wide as it is printed


def printed(advice: Advice, width: int) -> list[str]:
    console = Console(width=width, record=True, file=StringIO(), highlight=False)
    print_advice(advice, console)
    return [line.rstrip() for line in console.export_text().splitlines()]


def test_the_printed_advice() -> None:
    assert printed(advise(demand(), MEASURED), 120) == PRINTED.splitlines()


@pytest.mark.parametrize("rate", [1e-5, 500, 1e6])
@pytest.mark.parametrize("budget_s", [0.0405, 0.1, 30])
def test_the_table_is_not_cut_at_80_characters(rate: float, budget_s: float) -> None:
    lines = printed(advise(demand(rate=rate, budget_s=budget_s, limit=200), MEASURED), 80)
    assert not any("…" in line for line in lines)
