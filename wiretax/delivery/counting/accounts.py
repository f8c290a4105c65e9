"""The bytes of subscribers, counted by layer, by their sockets, by the kernel and by the mock: they must agree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wiretax.delivery.counting.delivery_bytes import DeliveryBytes
from wiretax.delivery.counting.tally import DeliveryTally


def differences(totals: DeliveryBytes, ledger: dict[str, Any] | None) -> Iterator[str]:
    """A sentence for each count that disagrees.

    Args:
        totals: of all connections, from their beginning to their end.
        ledger: what the mock counted of them; None if the server keeps no ledger.
    """
    carried = totals.sent + totals.received
    if totals.layers != carried:
        yield f"deliveries: layers {totals.layers:,} B, sockets {carried:,} B"
    if totals.tcp_sent >= 0:
        for way, own, tls, kernel in (
            ("sent", totals.sent, totals.tls_sent, totals.tcp_sent),
            ("received", totals.received, totals.tls_received, totals.tcp_received),
        ):
            if own + tls != kernel:
                yield f"deliveries {way}: sockets {own + tls:,} B, kernel {kernel:,} B"
    if ledger is None or ledger.get("disconnected"):
        return  # what was on its way to a subscriber that is disconnected never arrives
    for name, own, counted in (
        ("messages", totals.messages, ledger.get("messages", 0)),
        ("bytes to subscribers", totals.received, ledger.get("sent_bytes", 0)),
        ("bytes from subscribers", totals.sent, ledger.get("received_bytes", 0)),
    ):
        if own != counted:
            yield f"deliveries: {name}: subscribers {own:,}, mock {counted:,}"


def unbalanced(name: str, round_: int, tally: DeliveryTally) -> Iterator[str]:
    """A sentence if the events or deliveries of a slice don't add up."""
    if not tally.adds_up:
        yield (
            f"deliveries of {name}, round {round_}: {tally.sent:,} events sent, {tally.acknowledged:,} "
            f"acknowledged, {tally.rejected:,} rejected, {tally.failed:,} failed, {tally.unknown:,} unknown; "
            f"{tally.expected:,} deliveries expected, {tally.delivered:,} delivered, {tally.lost:,} lost, "
            f"{tally.missed:,} missed"
        )
