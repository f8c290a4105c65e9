"""The searches for limits: any limit is found, with few calls and few events."""

from __future__ import annotations

import re

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiretax.channels.answers import Answer
from wiretax.doctor.finding import Finding
from wiretax.doctor.limit_search.batches import find_batch_limit
from wiretax.doctor.limit_search.bodies import batch_body, sized_batch, trigger_body
from wiretax.doctor.limit_search.limits import MOST_EVENTS
from wiretax.doctor.limit_search.search import USUAL_BYTES, Tries, find_edge
from wiretax.doctor.limit_search.sizes import find_data_limit, find_request_limit

OK = Answer("acknowledged", 200, "")
PAGE = Answer("rejected", 413, 'an HTML page ("413 Request Entity Too Large")')
# A search for a limit on bytes takes as many calls at most.
MOST_CALLS = 30


class Limited:
    """A server with limits on a batch, on an event and on a request."""

    def __init__(self, batch: int, data: int, body: int) -> None:
        self.batch, self.data, self.body = batch, data, body
        self.events = self.calls = 0

    def publish(self, body: bytes) -> Answer:
        self.calls += 1
        if len(body) > self.body:
            return PAGE
        document = orjson.loads(body)
        events = document.get("batch", [document])
        if len(events) > self.batch:
            return Answer("error_body", 400, f"{len(events)} events")
        if any(len(event["data"]) > self.data for event in events):
            return Answer("rejected", 413, "too large")
        self.events += len(events)
        return OK

    def examine(self) -> tuple[Finding, Finding, Finding]:
        tries = Tries(MOST_EVENTS)
        batch = find_batch_limit(self.publish, tries)
        data, request = find_data_limit(self.publish, tries), find_request_limit(self.publish, tries)
        assert tries.events == self.events <= MOST_EVENTS
        published = [
            re.findall(r"the probe published ([\d,]+) event", each.found) for each in (batch, data, request)
        ]
        assert sum(int(number.replace(",", "")) for [number] in published) == self.events
        return batch, data, request


def test_a_server_of_the_services_limits_is_asked_five_times() -> None:
    server = Limited(10, 10_240, 1_048_576)
    batch, data, request = server.examine()
    assert (server.calls, server.events) == (5, 21)
    assert batch.found == "10 (11 was refused: 11 events; the probe published 10 events)"
    assert data.found == "10,240 B (10,241 B was refused: too large; the probe published 1 event)"
    assert data.advice == "in plans, set [limits] data_bytes = 10240"
    assert request.found == "none below a full batch, 102,941 B of body (the probe published 10 events)"
    assert {batch.state, data.state, request.state} == {"ok"}


def test_a_limit_on_the_request_below_a_full_batch_is_noted_with_what_fits() -> None:
    server = Limited(10, 10_240, 65_536)
    *_, request = server.examine()
    assert request.state == "note"
    assert request.found.startswith("65,536 B of body (65,537 B was refused: 413: an HTML page")
    assert "client_max_body_size" in request.advice
    assert "causes" not in request.advice
    [fits] = re.findall(r"at most ([\d,]+) B of data per event in batches of 10", request.advice)
    fitting = int(fits.replace(",", ""))
    assert len(batch_body(10, fitting)) <= 65_536 < len(batch_body(10, fitting + 1))


def test_a_limit_on_the_request_below_that_of_an_event_is_told_from_it() -> None:
    server = Limited(10, 10_240, 10_000)
    _, data, request = server.examine()
    assert data.found.startswith("9,945 B (9,946 B was refused: 413: an HTML page")
    assert request.found.startswith("10,000 B of body (10,001 B was refused")
    assert request.advice.startswith("it causes the data limit above; ")
    # One that also stops batches of small events.
    batch, _, request = Limited(50, 10_240, 1_024).examine()
    assert batch.found.startswith("15 (16 was refused: 413: an HTML page")
    assert request.advice.startswith("it causes the batch limit and the data limit above; ")


@given(st.integers(1, 120), st.integers(1, 1_100_000), st.integers(200, 2_200_000))
def test_any_limits_are_found(batch: int, data: int, body: int) -> None:
    server = Limited(batch, data, body)
    tries = Tries(MOST_EVENTS)
    if find_batch_limit(server.publish, tries).state == "failed":
        return
    calls = server.calls
    assert find_data_limit(server.publish, tries).state == "ok"
    assert server.calls - calls <= MOST_CALLS
    envelope = len(trigger_body(0))
    assert tries.data == min(data, body - envelope, 1_048_576)
    found, calls = find_request_limit(server.publish, tries), server.calls
    assert found.state in ("ok", "note")
    assert server.calls - calls <= MOST_CALLS
    assert server.events <= MOST_EVENTS
    if found.state == "note" and server.events < MOST_EVENTS - 100:
        assert found.found.startswith(f"{body:,} B of body ({body + 1:,} B was refused")


@given(st.integers(0, 3_000_000))
def test_usual_limits_are_found_with_fewer_calls(limit: int) -> None:
    for each, most in ((limit, 30), *((usual, 9) for usual in USUAL_BYTES)):
        tried: list[int] = []

        def refusal_of(size: int, each: int = each, tried: list[int] = tried) -> Answer | None:
            tried.append(size)
            return None if size <= each else PAGE

        edge = find_edge(refusal_of, [2_097_152], USUAL_BYTES)
        assert edge.accepted == min(each, 2_097_152)
        assert edge.refused == (None if each >= 2_097_152 else each + 1)
        assert len(tried) == len(set(tried)) <= most


@given(st.integers(100, 50_000), st.integers(1, 12_000))
def test_a_batch_of_a_size_has_as_few_events_as_possible(size: int, most_data: int) -> None:
    events, body = sized_batch(size, most_data)
    data = [len(event["data"]) for event in orjson.loads(body)["batch"]]
    assert len(body) == size
    assert len(data) == events
    assert max(data) <= most_data
    assert events == 1 or len(batch_body(events - 1, most_data)) < size


@pytest.mark.parametrize("status", [401, 429, 500])
def test_another_answer_is_no_limit(status: int) -> None:
    tries = Tries(MOST_EVENTS)
    tries.batch, tries.data = 10, 10_240
    for find in (find_data_limit, find_request_limit):
        found = find(lambda _: Answer("rejected", status, "no"), tries)
        assert (found.state, found.found) == ("failed", f"{status}: no")


def test_a_server_that_accepts_nothing_fails() -> None:
    tries = Tries(MOST_EVENTS)
    data = find_data_limit(lambda _: Answer("rejected", 422, "no"), tries)
    assert (data.state, data.found) == ("failed", "an event of 1 B was refused: 422: no")
    batch = find_batch_limit(lambda _: PAGE, tries)
    assert batch.state == "failed"
    assert "client_max_body_size" in batch.advice
