"""Rejects invalid workloads before anything is sent."""

from __future__ import annotations

from wiretax.channels.bodies.events import data_bytes
from wiretax.channels.bodies.payloads import least_bytes
from wiretax.channels.limits import Limits, refuse_batch_size, refuse_channel_count
from wiretax.channels.profiles import load_profile
from wiretax.channels.workload import LIBRARY, Workload


def object_to_http(workload: Workload) -> str | None:
    """Why a workload can't be sent in its version of HTTP; None if it can."""
    transport = workload.transport
    if transport.http == "2" and not transport.by_library:
        return f'http = "2" goes with client = "{LIBRARY}", not with {transport.client!r}, which speaks HTTP/1.1'
    if transport.by_library and not transport.tls:
        return f'client = "{LIBRARY}" goes with tls = true: it agrees on HTTP/2 inside TLS'
    return None


def object_to(workload: Workload, limits: Limits) -> str | None:
    """Why a workload can't be generated or would exceed an endpoint's limits; None if it is valid."""
    call, payload, transport = workload.call, workload.payload, workload.transport
    refusal = refuse_batch_size(call.batch_size, limits) or refuse_channel_count(call.channels, limits)
    if refusal is not None:
        return f"{refusal.message}; a dedicated cluster takes larger batches"
    calls = transport.calls_per_connection
    if calls < 0 or (calls and transport.connection == "close"):
        return f'calls_per_connection = {calls}, expected 0 (all) or more, and nothing where connection = "close"'
    least = least_bytes(payload.kind)
    if not least <= payload.bytes <= limits.data_bytes:
        return (
            f"payload_bytes = {payload.bytes}, expected {least} (the smallest {payload.kind!r} "
            f"document) to {limits.data_bytes} (the data of one event)"
        )
    arriving = data_bytes(workload, load_profile(transport.client))
    if arriving > limits.data_bytes:
        return (
            f"payload_bytes = {payload.bytes} arrives as {arriving} bytes of data, expected at most "
            f"{limits.data_bytes}: {transport.client} encodes a string a second time"
        )
    return None
