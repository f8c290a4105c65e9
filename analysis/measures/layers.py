"""The layers of a request and of its response, and the columns of ``slices.parquet`` that hold their bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from wiretax.channels.workload import IN_FILES

WORKLOAD = ["workload", *(each.column for each in IN_FILES if not each.of_queue)]
HEAD = ["request_line_bytes", "auth_query_bytes", "header_bytes"]
REQUEST = [*HEAD, "body_bytes"]
# A part of the body: what encryption added to the data of events.
ENCRYPTION = "encryption_bytes"
RESPONSE = ["response_head_bytes", "response_body_bytes"]
SENT = [*REQUEST, "framing_sent_bytes", "unfinished_sent_bytes"]
RECEIVED = [*RESPONSE, "framing_received_bytes", "unfinished_received_bytes"]
FRAMING = ["framing_sent_bytes", "framing_received_bytes"]
# Segments that the kernel counted, and those after its last reading, by a model.
SEGMENTS = ["segments_out", "segments_in", "close_segments_out", "close_segments_in"]
# The headers of all those segments, and retransmitted data.
TCP_IP = ["tcp_ip_sent_bytes", "tcp_ip_received_bytes", "tcp_retransmitted_bytes"]
KERNEL = [*SEGMENTS, *TCP_IP, "close_received_bytes"]
CLOSED = ["closed_by_server", "closed_by_client"]
TLS = ["tls_sent_bytes", "tls_received_bytes", "tls_handshake_sent_bytes", "tls_handshake_received_bytes"]
BOUNDARY = ["boundary_requests", "boundary_events", "boundary_sent_bytes", "boundary_received_bytes"]
COUNTS = ["requests", "events", "messages", "failures", "connections"]

Direction = Literal["sent", "received"]


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer.

    Attributes:
        key: its name in code and files.
        label: its name for people.
        direction: whether it is part of the request or of the response.
        columns: of ``slices.parquet``, which add up to its bytes.
        less: columns to subtract.
        bar: the bar of the live page that it is part of; its own if empty.
        is_below_http: whether the kernel or TLS counted it, so that it includes exchanges that ended after their
            slice.
    """

    key: str
    label: str
    direction: Direction
    columns: tuple[str, ...]
    less: tuple[str, ...] = ()
    bar: str = ""
    is_below_http: bool = False

    @property
    def sum(self) -> str:
        """The name of its bytes in ``SliceCounts.counts``, where a workload's column may have the name of its
        key."""
        return f"{self.key}_layer_bytes"


# In the order of the wire. Payload, encryption and envelope are the body, escaped as JSON; the request line is
# given without the auth query.
LAYERS = (
    Layer("payload", "payload", "sent", ("payload_total_bytes",)),
    Layer("encryption", "encryption", "sent", (ENCRYPTION,)),
    Layer("envelope", "envelope", "sent", ("body_bytes",), less=("payload_total_bytes", ENCRYPTION)),
    Layer("request_line", "request line", "sent", ("request_line_bytes",)),
    Layer("auth_query", "auth query", "sent", ("auth_query_bytes",)),
    Layer("headers", "headers", "sent", ("header_bytes",)),
    Layer("framing", "HTTP/2 framing", "sent", ("framing_sent_bytes",)),
    Layer("unfinished", "failed calls", "sent", ("unfinished_sent_bytes",), bar="framing"),
    Layer("response_head", "response head", "received", ("response_head_bytes",), bar="response"),
    Layer("response_body", "response body", "received", ("response_body_bytes",), bar="response"),
    Layer("response_framing", "HTTP/2 framing", "received", ("framing_received_bytes",), bar="response"),
    Layer("response_unfinished", "failed calls", "received", ("unfinished_received_bytes",), bar="response"),
    Layer("tls", "TLS", "sent", ("tls_sent_bytes",), is_below_http=True),
    Layer("response_tls", "TLS", "received", ("tls_received_bytes",), bar="tls", is_below_http=True),
    Layer("tcp_ip", "TCP/IP", "sent", ("tcp_ip_sent_bytes", "tcp_retransmitted_bytes"), is_below_http=True),
    Layer("response_tcp_ip", "TCP/IP", "received", ("tcp_ip_received_bytes",), bar="tcp_ip", is_below_http=True),
)
BY_KEY = {layer.key: layer for layer in LAYERS}
# With the HTTP bytes, these are the bytes on the cable, without the link layer.
BELOW_HTTP = [layer for layer in LAYERS if layer.is_below_http]


@dataclass(frozen=True, slots=True)
class Bar:
    """Layers that the live page shows as one.

    Attributes:
        key: its name in code and style sheets.
        label: its name for people.
        layers: the layers in it.
    """

    key: str
    label: str
    layers: tuple[Layer, ...]


def _bars() -> Iterator[Bar]:
    labels = {"response": "HTTP response", "framing": "HTTP/2 framing, failed calls"}
    for key in dict.fromkeys(layer.bar or layer.key for layer in LAYERS):
        layers = tuple(layer for layer in LAYERS if key in (layer.bar, layer.key))
        yield Bar(key, labels.get(key, layers[0].label), layers)


BARS = tuple(_bars())
