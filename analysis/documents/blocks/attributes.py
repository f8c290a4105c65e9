"""What a workload sends: its attributes, as properties of its rows."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.documents.shapes import Field, choice, flag, number, text, whole
from wiretax.channels.workload import ATTRIBUTES

WORKLOAD = text("workload", "Name of the workload, which identifies it in a run")
# Unit (empty for words) and meaning of each attribute, by its column.
MEANINGS = {
    "api": ("", "Kind of call: one event, one event to many channels, or many events"),
    "batch_size": ("events", "Events of a call; 1 unless api is batch"),
    "channels": ("channels", "Channels of an event; 1 unless api is multi_trigger"),
    "payload_bytes": ("B", "UTF-8 bytes of one event's data"),
    "payload_kind": ("", "Kind of data"),
    "encrypted": ("", "Whether the client library encrypts the data for subscribers"),
    "client": ("", "Client library whose bytes are sent"),
    "connection": ("", "What happens to the connection after a call"),
    "calls_per_connection": ("calls", "Calls after which the client closes a connection; 0 for never"),
    "http": ("", "Version of HTTP"),
    "tls": ("", "Whether the connection is encrypted"),
    "server": ("", "Server that gets the calls, by the option that names it"),
    "rate": ("events/s", "Rate at which events arrive, the mean if it changes; 0 without a queue"),
    "linger_s": ("s", "Longest time that a batch waits after its first event"),
    "arrivals": ("", "Pattern of the arrivals"),
    "publishers": ("connections", "Connections that drain the queue; 0 for all users"),
    "rtt_s": ("s", "Round trip that the built-in mock simulates"),
    "stages": ("", "How the rate changes; empty if it does not"),
    "channel_name": ("", "Name or pattern of the channel of generated events"),
    "event_name": ("", "Name of generated events"),
    "spread": ("channels", "Channels that events go to, one after another"),
    "subscribers": ("subscribers", "Subscribers of each channel whose deliveries are counted; 0 for none"),
}
NO_RTT = "none, or the plan's"


def attribute_fields(columns: Iterable[str]) -> tuple[Field, ...]:
    """The properties of these columns."""
    known = {each.column: each for each in ATTRIBUTES}
    return tuple(
        _field(column, known[column].words, known[column].plain_type) for column in columns if column in known
    )


def _field(column: str, words: tuple[str, ...], kind: type) -> Field:
    unit, meaning = MEANINGS[column]
    if words:
        return choice(column, words, meaning)
    if kind is bool:
        return flag(column, meaning)
    if kind is int:
        return whole(column, unit, meaning)
    if kind is float:
        return number(column, unit, meaning, null=NO_RTT if column == "rtt_s" else "")
    return text(column, meaning)
