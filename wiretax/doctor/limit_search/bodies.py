"""The bodies that the doctor publishes, of any size."""

from __future__ import annotations

from wiretax.channels.workload import CHANNEL, EVENT_NAME

# What subscribers see.
TEXT = "wiretax doctor"


def trigger_body(data_bytes: int = len(TEXT)) -> bytes:
    """One event with this many bytes of data."""
    return f'{{"name":"{EVENT_NAME}","channels":["{CHANNEL}"],"data":"{_data(data_bytes)}"}}'.encode()


def batch_body(events: int, data_bytes: int = len(TEXT)) -> bytes:
    """A batch of events with this many bytes of data each."""
    return _batch([data_bytes] * events)


def batch_bytes(events: int, data_bytes: int) -> int:
    """The size of such a batch."""
    return len(batch_body(events, 0)) + events * data_bytes


def sized_batch(body_bytes: int, most_data: int) -> tuple[int, bytes]:
    """A batch of as few events as a body of a size needs.

    Args:
        body_bytes: size of the body, at least that of an event without data.
        most_data: the most bytes of data of an event.

    Returns: the number of events, and the body.
    """
    events = 1
    while batch_bytes(events, most_data) < body_bytes:
        events += 1
    if batch_bytes(events, 0) > body_bytes:
        # Another event would be too much: spaces are not.
        return events - 1, batch_body(events - 1, most_data).ljust(body_bytes)
    each, more = divmod(body_bytes - batch_bytes(events, 0), events)
    return events, _batch([each + 1] * more + [each] * (events - more))


def _batch(data_bytes: list[int]) -> bytes:
    items = (f'{{"channel":"{CHANNEL}","name":"{EVENT_NAME}","data":"{_data(size)}"}}' for size in data_bytes)
    return f'{{"batch":[{",".join(items)}]}}'.encode()


def _data(size: int) -> str:
    return (f"{TEXT} " * (size // len(TEXT) + 1))[:size]
