"""What speaks against a workload before anything of it is sent."""

from __future__ import annotations

from wiretax.channels.events import data_bytes
from wiretax.channels.limits import Limits, refuse_batch_size, refuse_channel_count
from wiretax.channels.payloads import least_bytes
from wiretax.channels.profiles import load_profile
from wiretax.channels.workload import LIBRARY, Workload

VERSIONS = ("1.1", "2")


def object_to_http(workload: Workload) -> str | None:
    """Why a workload can't be sent in its version of HTTP; None where it can."""
    if workload.http not in VERSIONS:
        return f'http = "{workload.http}", expected "1.1" or "2"'
    if workload.http == "2" and not workload.by_library:
        return f'http = "2" goes with client = "{LIBRARY}", not with {workload.client!r}, which speaks HTTP/1.1'
    if workload.by_library and not workload.tls:
        return f'client = "{LIBRARY}" goes with tls = true: it agrees on HTTP/2 inside TLS'
    return None


def object_to(workload: Workload, limits: Limits) -> str | None:
    """Why an endpoint with these limits would refuse a workload, or why it can't be made; None where neither."""
    refusal = refuse_batch_size(workload.batch_size, limits) or refuse_channel_count(workload.channels, limits)
    if refusal is not None:
        return f"{refusal.message}; a dedicated cluster takes larger batches"
    if workload.calls_per_connection < 0 or (workload.calls_per_connection and workload.connection == "close"):
        return (
            f"calls_per_connection = {workload.calls_per_connection}, expected 0 (all) or more, and nothing where "
            'connection = "close"'
        )
    least = least_bytes(workload.payload_kind)
    if not least <= workload.payload_bytes <= limits.data_bytes:
        return (
            f"payload_bytes = {workload.payload_bytes}, expected {least} (the smallest {workload.payload_kind!r} "
            f"document) to {limits.data_bytes} (the data of one event)"
        )
    arriving = data_bytes(workload, load_profile(workload.client))
    if arriving > limits.data_bytes:
        return (
            f"payload_bytes = {workload.payload_bytes} arrives as {arriving} bytes of data, expected at most "
            f"{limits.data_bytes}: {workload.client} encodes a string once more"
        )
    return None
