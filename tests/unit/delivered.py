"""Runs with deliveries made by hand: counts and delays that can be worked out on paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from saved import slice_

from wiretax.channels.workload import Workload
from wiretax.runs.files.schema import DELIVERY
from wiretax.runs.record import RunRecord, workload_columns
from wiretax.wire.histogram import Histogram

# Of each event, in seconds; "before" has no events unless a test gives some.
DELAYS_S: Mapping[str, Sequence[float]] = {
    "waiting": (0.001,),
    "wire": (0.002,),
    "after": (0.0005,),
    "before": (),
    "total": (0.0035,),
    "spread": (),
}
# Of one delivery, in bytes.
FRAME_HEADER, ENVELOPE = 4, 70


def add_delivery(
    made: RunRecord,
    workload: Workload,
    round_: int,
    delays_s: Mapping[str, Sequence[float]] = DELAYS_S,
    censored_s: Mapping[str, Sequence[float]] | None = None,
    **changes: Any,
) -> None:
    """Add what the subscribers of a workload received in a round in which each of its 100 calls was acknowledged
    and each event delivered.

    Args:
        made: gets the row and its histograms.
        workload: with subscribers.
        round_: from 0.
        delays_s: by kind the delays of all deliveries, repeated until each has one.
        censored_s: by kind the lower bounds of delays of deliveries that never came.
        changes: columns with other values; of "lost" and "missed", "delivered" follows.
    """
    sent = changes.get("sent", 100 * workload.call.batch_size)
    acknowledged = changes.get("acknowledged", sent)
    expected = changes.get("expected", acknowledged * workload.call.channels * workload.subscribers)
    delivered = expected - changes.get("lost", 0) - changes.get("missed", 0)
    payload = delivered * workload.payload.bytes
    row = {
        **{field.name: 0 for field in DELIVERY},
        **workload_columns(workload),
        "round": round_,
        "duration_s": 1.0,
        "grace_s": 1.0,
        "sent": sent,
        "acknowledged": acknowledged,
        "expected": expected,
        "delivered": delivered,
        "frame_header_bytes": FRAME_HEADER * delivered,
        "envelope_bytes": ENVELOPE * delivered,
        "payload_delivered_bytes": payload,
        "ws_received_bytes": (FRAME_HEADER + ENVELOPE) * delivered + payload,
        "ws_tcp_received_bytes": (FRAME_HEADER + ENVELOPE) * delivered + payload,
        "ws_connections": workload.subscribers,
        "subscriber_cpu_s": 0.1,
        **changes,
    }
    times = {kind: Histogram() for kind in DELAYS_S}
    for kind, histogram in times.items():
        given = [round(each * 1e9) for each in delays_s.get(kind, ())]
        if given:
            histogram.record((given * (delivered // len(given) + 1))[:delivered])
        histogram.record_censored([round(each * 1e9) for each in (censored_s or {}).get(kind, ())])
    made.add_delivery(row, times)


def delivered_run(*workloads: Workload, rounds: int = 3, **changes: Any) -> RunRecord:
    """A record of workloads with subscribers, 100 calls each in each round; ``changes`` as for ``add_delivery``.
    Write it with ``wiretax.runs.writer.write_run`` once its ``meta`` is ``saved.run_json(...)``."""
    made = RunRecord()
    for round_ in range(rounds):
        for workload in workloads:
            made.add(slice_(workload, round_, 100), users=4)
            add_delivery(made, workload, round_, **changes)
    return made


# What ``run.json`` has under "delivery".
DELIVERY_META = {"grace_s": 1.0, "own_process": True, "totals": {"ws_connections": 1}, "differences": []}
