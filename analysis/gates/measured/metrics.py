"""The metrics of gates: name, unit, direction, kind and figure.

Names follow OpenTelemetry: ``http.request.size`` is request line, headers and body.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from analysis.gates.measured.figures import CABLE_BYTES, GAIN, NO_FIGURE, SAVING, Figure, rate, share
from analysis.measures.layers import BY_KEY
from wiretax.channels.bodies.replay import REPLAY
from wiretax.channels.profiles import encrypted_sizes_vary

Better = Literal["lower", "higher"]
Kind = Literal["deterministic", "stochastic"]
Time = Literal["total", "waiting", "wire"]
Count = Literal["depth_max", "left", "lost", "reached"]
Found = Literal["events", "requests"]
Delivered = Literal["spread", "lost", "missed", "duplicated", "out_of_order", "late", "size"]

if TYPE_CHECKING:
    # Counts are of pandas frames; a gates file is checked without them.
    from analysis.measures.counts import Counts, SliceCounts


@dataclass(frozen=True, slots=True)
class QueueFigure:
    """A figure of workloads whose events arrive in a queue.

    Attributes:
        name: a time of events in ``waits.parquet``, or a count of ``QueueCounts``.
        grows: whether it grows for as long as an overloaded queue is measured, so that its values are lower
            bounds.
        of_subscribers: whether it is of workloads whose deliveries were counted: a time of deliveries in
            ``delivery_times.parquet``, or a count of ``DeliveryCounts``.
    """

    name: Time | Count | Delivered
    grows: bool = False
    of_subscribers: bool = False


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure that each workload has.

    Attributes:
        name: what gates.toml calls it.
        unit: B, B/event, s, 1/s, events, requests/event, segments/event, connections/request, x or share.
        better: the direction of an improvement.
        kind: "deterministic" is the same in each run, to the byte, and is compared exactly (a fraction of
            whole numbers), and so is a sum over the run; "stochastic" has a value per round.
        what: a description in one line.
        figure: how its value is computed.
        needs_trigger: whether it compares a workload with the trigger of the same payload and client.
        quantile: for a percentile of call latency or of a time of a queue's events, the quantile (0 to 1); None
            for all others. It is computed over several rounds if one has too few samples, and may be a lower
            bound.
        is_speed: whether it is a rate or a ratio of rates, which mean nothing if workloads compete.
        names_endpoint: whether the lengths of Host, app id and key are part of it.
        is_answer: whether it depends on the server.
        queue: its figure of workloads whose events arrive in a queue, which alone have it; None if only the others
            have it.
        capacity: for a metric that only workloads with a search for their capacity have, what is counted per
            second.
    """

    name: str
    unit: str
    better: Better
    kind: Kind
    what: str
    figure: Figure
    needs_trigger: bool = False
    quantile: float | None = None
    is_speed: bool = False
    names_endpoint: bool = False
    is_answer: bool = False
    queue: QueueFigure | None = None
    capacity: Found | None = None

    @property
    def counts_failures(self) -> bool:
        """Whether it says what failed calls cost, so that ``max_failure_ratio`` must not decide before it."""
        lost = self.queue is not None and self.queue.name == "lost" and not self.queue.of_subscribers
        return self.capacity is not None or lost

    def whole(self, measured: SliceCounts, workload: str) -> Fraction | float | None:
        """A workload's value over all its rounds."""
        return self.figure.whole(measured, workload)

    def by_round(self, measured: SliceCounts, workload: str) -> dict[int, float]:
        """A workload's value in each round that has one."""
        return self.figure.by_round(measured, workload)

    def is_exact(self, workload: Counts) -> bool:
        """Whether a workload's value is the same in each run. With HPACK the encoded size of a signature varies.
        A replay's events differ in size, though not in number, and so do encrypted ones if base64 is escaped."""
        if self.queue is not None:
            return self.kind == "deterministic"
        varies = workload["payload_kind"] == REPLAY or (
            workload.get("encrypted") and encrypted_sizes_vary(workload["client"])
        )
        if varies and self.unit != "requests/event":
            return False
        return self.kind == "deterministic" and workload["http"] == "1.1"


_SENT = "request line, headers and body"
_NAMING = ("sent", "head", "header_bytes", "request_line_bytes", "auth_query_bytes")
# What a size is divided by, and its unit.
_PER = {"event": ("events", "B/event"), "call": ("requests", "B")}


def _size(name: str, per: str, part: str, what: str) -> Metric:
    """Bytes of a part of HTTP, which are the same in every run."""
    count, unit = _PER[per]
    return Metric(
        name,
        unit,
        "lower",
        "deterministic",
        what,
        share(part, count),
        names_endpoint=part in _NAMING,
        is_answer=part == "received",
    )


_TIMES: dict[Time, str] = {
    "total": "an event's arrival to its call's response",
    "waiting": "an event's arrival to the start of its call",
    "wire": "the start of an event's call to its response",
}


def _queue(
    name: str,
    unit: str,
    kind: Kind,
    figure: QueueFigure,
    what: str,
    better: Better = "lower",
    quantile: float | None = None,
) -> Metric:
    """A metric of workloads with a rate."""
    return Metric(name, unit, better, kind, f"queues: {what}", NO_FIGURE, quantile=quantile, queue=figure)


def _queue_metrics() -> Iterator[Metric]:
    for time, what in _TIMES.items():
        for quantile in (0.5, 0.9, 0.99, 0.999):
            yield _queue(
                f"latency.{time}.p{quantile * 100:g}",
                "s",
                "stochastic",
                # The time on the wire does not depend on the queue's length.
                QueueFigure(time, grows=time != "wire"),
                f"{quantile * 100:g} % take no longer from {what}",
                quantile=quantile,
            )
    depth, left = QueueFigure("depth_max", grows=True), QueueFigure("left", grows=True)
    yield _queue("queue.depth.max", "events", "stochastic", depth, "the most events in the queue in a round")
    yield _queue("queue.left", "events", "stochastic", left, "events in the queue at the end of a round")
    lost = QueueFigure("lost")
    yield _queue("events.lost", "events", "deterministic", lost, "events whose call failed, over the whole run")
    reached = "share of its rate that the generator reached: 0.99 is 99 %"
    yield _queue("rate.reached", "share", "stochastic", QueueFigure("reached"), reached, better="higher")


def _delivery_metrics() -> Iterator[Metric]:
    for name, what in (
        ("lost", "deliveries of acknowledged events that never came"),
        ("missed", "deliveries that did not come because the subscriber was not connected"),
        ("duplicated", "deliveries that came again"),
        ("out_of_order", "events that came after a later one of the same publisher"),
        ("late", "deliveries that came after their slice's grace time"),
    ):
        figure = QueueFigure(name, of_subscribers=True)  # type: ignore[arg-type]
        yield _delivery(f"delivery.{name}", "deliveries", "deterministic", figure, f"{what}, over the whole run")
    size = QueueFigure("size", of_subscribers=True)
    what = "a delivery: frame header, message and data, without TLS and TCP"
    yield _delivery("delivery.size.per_delivery", "B", "deterministic", size, what)
    for kind, of, what in (
        ("delay", "total", "an event's intended time to its arrival at a subscriber"),
        ("spread", "spread", "the first arrival of a call's events to the last"),
    ):
        for quantile in (0.5, 0.9, 0.99):
            figure = QueueFigure(of, grows=of == "total", of_subscribers=True)  # type: ignore[arg-type]
            name = f"delivery.{kind}.p{quantile * 100:g}"
            yield _delivery(
                name, "s", "stochastic", figure, f"{quantile * 100:g} % take no longer from {what}", quantile
            )


def _delivery(
    name: str, unit: str, kind: Kind, figure: QueueFigure, what: str, quantile: float | None = None
) -> Metric:
    """A metric of workloads whose deliveries were counted."""
    return Metric(name, unit, "lower", kind, f"deliveries: {what}", NO_FIGURE, quantile=quantile, queue=figure)


def _capacity(name: str, of: Found, what: str) -> Metric:
    """A metric of workloads whose capacity was searched."""
    return Metric(f"capacity.{name}", "1/s", "higher", "stochastic", f"searches: {what}", NO_FIGURE, capacity=of)


METRICS = {
    each.name: each
    for each in (
        *(
            _size(name, "event", part, what)
            for name, part, what in (
                ("http.request.size.per_event", "sent", f"sent per event: {_SENT}"),
                ("http.request.payload.size.per_event", "payload_total_bytes", "the event's data"),
                ("http.request.encryption.size.per_event", BY_KEY["encryption"].sum, "added to the data"),
                ("http.request.envelope.size.per_event", BY_KEY["envelope"].sum, "the JSON body minus the data"),
                ("http.request.headers.size.per_event", "header_bytes", "header lines and the blank line"),
                ("http.request.request_line.size.per_event", "request_line_bytes", "the line without auth query"),
                ("http.request.auth_query.size.per_event", "auth_query_bytes", "the signed query"),
                ("http.response.size.per_event", "received", "the response per event"),
            )
        ),
        *(
            _size(name, "call", part, what)
            for name, part, what in (
                ("http.request.size", "sent", f"sent per call: {_SENT}"),
                ("http.request.head.size", "head", "request line, auth query and headers of a call"),
                ("http.request.body.size", "body_bytes", "the JSON body of a call"),
                ("http.response.size", "received", "the response to a call"),
            )
        ),
        Metric(
            "requests.per_event",
            "requests/event",
            "lower",
            "deterministic",
            "calls per event",
            share("requests", "events"),
        ),
        Metric(
            "overhead_factor",
            "x",
            "lower",
            "deterministic",
            "bytes sent over payload bytes",
            share("sent", "payload_total_bytes"),
            names_endpoint=True,
        ),
        Metric(
            "saving",
            "share",
            "higher",
            "deterministic",
            "bytes per message saved, as a share of the trigger's: 0.58 is 58 %",
            SAVING,
            needs_trigger=True,
            names_endpoint=True,
        ),
        Metric(
            "cable.size.per_event",
            "B/event",
            "lower",
            "stochastic",
            "all layers in both directions, down to IP",
            CABLE_BYTES,
            names_endpoint=True,
        ),
        Metric(
            "tls.handshake.size.per_event",
            "B/event",
            "lower",
            "stochastic",
            "handshake bytes that the server sends",
            share("tls_handshake_received_bytes", "carried_events"),
        ),
        Metric(
            "segments.per_event",
            "segments/event",
            "lower",
            "stochastic",
            "TCP segments in both directions",
            share("segments", "carried_events"),
        ),
        Metric(
            "connections.per_request",
            "connections/request",
            "lower",
            "stochastic",
            "connections opened per call",
            share("connections", "carried_requests"),
        ),
        *(
            Metric(f"{count}_per_second", "1/s", "higher", "stochastic", what, rate(count), is_speed=True)
            for count, what in (
                ("events", "events acknowledged"),
                ("messages", "events acknowledged times their channels"),
                ("requests", "calls that got a response"),
            )
        ),
        *(
            Metric(
                f"latency.p{quantile * 100:.0f}",
                "s",
                "lower",
                "stochastic",
                f"{quantile * 100:.0f} % of calls take no longer, all users busy",
                NO_FIGURE,
                quantile=quantile,
            )
            for quantile in (0.5, 0.9, 0.99)
        ),
        Metric(
            "gain",
            "x",
            "higher",
            "stochastic",
            "messages per second over the trigger's in the same round",
            GAIN,
            needs_trigger=True,
            is_speed=True,
        ),
        *_queue_metrics(),
        *_delivery_metrics(),
        _capacity("events_per_second", "events", "the highest rate of arrivals that meets the plan's target"),
        _capacity("calls_per_second", "requests", "calls at that rate, by the mean number of events per call"),
    )
}
