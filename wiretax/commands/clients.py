"""``wiretax clients``: the client libraries, and what each refuses to send."""

from __future__ import annotations

from wiretax.terminal import out


def clients() -> None:
    """List the client libraries and what each refuses to send, whatever the endpoint accepts. Sends nothing."""
    from analysis.tables.client_limits import print_client_limits

    print_client_limits(out)
