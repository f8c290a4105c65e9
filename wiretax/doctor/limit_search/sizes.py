"""The largest event and the largest request, in bytes, that an endpoint accepts, found by publishing."""

from __future__ import annotations

from wiretax.channels.answers import Answer
from wiretax.doctor.finding import Finding
from wiretax.doctor.limit_search.batches import nothing_accepted, other_answer
from wiretax.doctor.limit_search.bodies import batch_bytes, sized_batch, trigger_body
from wiretax.doctor.limit_search.search import USUAL_BYTES, OtherAnswerError, Publish, Tries, find_edge

DATA_LIMIT, REQUEST_LIMIT = "data limit", "request limit"
# Bytes of data to try until they are refused: the service's limit, soketi's, and as many as anyone sends.
DATA_BYTES = (10_240, 10_241, 102_400, 102_401, 1_048_576)
# The largest body that is sent.
MOST_BODY_BYTES = 2_097_152


def find_data_limit(publish: Publish, tries: Tries) -> Finding:
    """Find the most data of one event that is accepted, up to the last of ``DATA_BYTES``.

    Args:
        publish: sends a trigger, given its body, and returns the answer.
        tries: what was published before; its ``data`` becomes what is found.
    """
    before = tries.events
    try:
        edge = find_edge(lambda size: tries.refusal_of(publish, trigger_body(size), 1), DATA_BYTES, USUAL_BYTES)
    except OtherAnswerError as other:
        return other_answer(DATA_LIMIT, other)
    if not edge.accepted:
        return nothing_accepted(DATA_LIMIT, "an event of 1 B", edge)
    tries.data, published = edge.accepted, tries.published_since(before)
    if edge.refused is not None:
        tries.refused[DATA_LIMIT] = len(trigger_body(edge.refused))
    return Finding(
        DATA_LIMIT, "ok", edge.in_words(" B", published), f"in plans, set [limits] data_bytes = {edge.accepted}"
    )


def find_request_limit(publish: Publish, tries: Tries) -> Finding:
    """Find the largest request that is accepted, up to a full batch of the largest events.

    Args:
        publish: sends a batch, given its body, and returns the answer.
        tries: what was published before, with the limits that were found for a batch and for an event.
    """
    before, largest = tries.events, tries.body
    full = batch_bytes(tries.batch, tries.data)

    def refusal_of(size: int) -> Answer | None:
        events, body = sized_batch(size, tries.data)
        return tries.refusal_of(publish, body, events)

    try:
        edge = find_edge(refusal_of, [min(full, MOST_BODY_BYTES)], USUAL_BYTES | {largest}, largest)
    except OtherAnswerError as other:
        return other_answer(REQUEST_LIMIT, other)
    published = tries.published_since(before)
    if edge.refused is None:
        whole = edge.accepted >= full
        found = f"none below a full batch, {full:,} B of body" if whole else f"{edge.accepted:,} B of body or more"
        return Finding(REQUEST_LIMIT, "ok", f"{found} ({published})")
    found = f"{edge.accepted:,} B of body ({edge.refused:,} B was refused: {edge.why}; {published})"
    return Finding(REQUEST_LIMIT, "note", found, _advice(edge.accepted, full, tries))


def _advice(body: int, full: int, tries: Tries) -> str:
    """What a limit on the request means. ``body``: its bytes; ``full``: those of a full batch."""
    batch = f"{tries.batch} event{'s' * (tries.batch != 1)} of {tries.data:,} B"
    met = [name for name, refused in tries.refused.items() if refused > body]
    means = f"it causes the {' and the '.join(met)} above; " if met else ""
    each = (body - batch_bytes(tries.batch, 0)) // tries.batch
    keep = f", or send at most {each:,} B of data per event in batches of {tries.batch}" if each > 0 else ""
    return (
        f"{means}a full batch ({batch}) has {full:,} B; raise the limit of the server, or of the proxy in front "
        f"(nginx: client_max_body_size){keep}"
    )
