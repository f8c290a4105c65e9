"""Reading a user's own events, and putting them into a plan instead of generated ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

from wiretax.channels.bodies.encryption import most_encrypted_bytes
from wiretax.channels.bodies.events import Event, data_writer
from wiretax.channels.bodies.replay import REPLAY, Replay
from wiretax.channels.limits import Limits, refuse_data
from wiretax.channels.profiles import load_profile
from wiretax.channels.profiles.json_style import JsonStyle
from wiretax.channels.validation import library_check
from wiretax.channels.workload import EVENT_NAME, Names, Workload
from wiretax.load.plan.event_file import EventFile, EventFileError
from wiretax.load.plan.plan import Plan, PlanError
from wiretax.queue.sources.chunks import STDIN, EventsError, chunks_of, open_events, split_lines
from wiretax.queue.sources.event_fields import OnError, UnknownFields
from wiretax.queue.sources.lines import LineParser

# They are read before the run begins, and copied to a file.
MOST_EVENTS = 1_000_000


def read_replay(path: str, limits: Limits, on_error: OnError, say: Callable[[str], None]) -> Replay:
    """Read all events of a file of JSON Lines, or of standard input for ``-``.

    Args:
        path: the file.
        limits: the sizes that the endpoint accepts.
        on_error: what to do with an invalid line.
        say: called with a sentence for each line that is skipped, and for a field that is not sent.

    Raises:
        EventsError: if it can't be read, has no events, or has too many.
        LineError: at the first invalid line, unless those are skipped.
    """
    name = "standard input" if path == STDIN else Path(path).name
    shown = "standard input" if path == STDIN else path
    lines = LineParser(shown, limits, on_error, say, unknown=UnknownFields(say))
    try:
        events = EventFile(islice(lines.events(split_lines(chunks_of(open_events(path)))), MOST_EVENTS + 1))
    except EventFileError as error:
        raise EventsError(f"{lines.name}: {error}") from None
    if not len(events):
        raise EventsError(f"{lines.name}: no event in it; a line is one, with name, channel and data")
    if len(events) > MOST_EVENTS:
        raise EventsError(
            f"{lines.name}: more than {MOST_EVENTS:,} events; replay a part, as head or split cut it"
        )
    return Replay(name, events, lines.skipped)


def replaying(plan: Plan, replay: Replay) -> Plan:
    """The plan with a replay as the payload of each workload; workloads that differed only in payload or in names
    become one.

    Raises:
        PlanError: if a client library refuses an event, or makes an event larger than the endpoint accepts: some
            encode strings twice, or write spaces into documents, and encrypted data is a third larger.
    """
    for client, encrypted in {(each.transport.client, each.payload.encrypted) for each in plan.workloads}:
        profile = load_profile(client)
        if not (encrypted or profile.encodes_ready_strings or profile.data_json != JsonStyle()):
            continue
        write = data_writer(profile)
        for number, event in enumerate(replay.events, 1):
            # Encrypted data is as long as any text of its size.
            sent = " " * most_encrypted_bytes(profile, event) if encrypted else write(event)
            refusal = refuse_data(sent, plan.limits)
            if refusal is not None:
                why = "it is encrypted" if encrypted else f"{client} {_made_larger(event)}"
                raise PlanError(f"{replay.name}, event {number}: {why}; {refusal.message}")
    for workload in {
        (each.transport.client, each.call.api, each.payload.encrypted): each for each in plan.workloads
    }.values():
        check = library_check(workload)
        for number, event in enumerate(replay.events if check else (), 1):
            objection = check(event) if check else None
            if objection is not None:
                raise PlanError(
                    f"{replay.name}, event {number}: {objection}; leave the client out, or change the event"
                )
    as_one = {"payload_kind": REPLAY, "payload_bytes": replay.payload_bytes}
    workloads = dict.fromkeys(_without_names(workload.replace(**as_one)) for workload in plan.workloads)
    return replace(plan, workloads=tuple(workloads), replay=replay)


def _without_names(workload: Workload) -> Workload:
    """A workload whose events have their own names and, unless a call has several channels, their own channels."""
    own = workload.call.channels == 1
    return replace(workload, names=Names() if own else replace(workload.names, event=EVENT_NAME))


def _made_larger(event: Event) -> str:
    """How a library makes the data of an event larger without encrypting it."""
    if event.is_document:
        return "writes a document with its own spaces and escapes"
    return "encodes a string a second time"
