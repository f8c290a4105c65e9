"""What speaks against a workload before anything of it is sent."""

from __future__ import annotations

from wiretax.channels.events import data_bytes
from wiretax.channels.limits import Limits, refuse_batch_size, refuse_channel_count
from wiretax.channels.payloads import least_bytes
from wiretax.channels.profiles import load_profile
from wiretax.channels.workload import Workload


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
