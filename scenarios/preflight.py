"""One exchange before a run: whether anybody is there, and takes events from us."""

from __future__ import annotations

from scenarios.budget import BudgetSpentError
from scenarios.session import Session
from wiretax.channels.workload import Workload
from wiretax.wire.ledger import Failure
from wiretax.wire.slices import Slice


class EndpointRefusedError(RuntimeError):
    """The endpoint can't be measured: one line that says what it did and what to do."""


def preflight(session: Session, workload: Workload, round_: int) -> Slice:
    """Send one request of a workload; what it cost is in the slice that is returned.

    Raises:
        EndpointRefusedError: where no event was taken.
    """
    piece = Slice(workload, round_)
    connection = session.connect(workload)
    try:
        session.publisher(connection, workload).publish(session.source(workload), piece, until_ns=0)
    except BudgetSpentError:
        raise EndpointRefusedError("--max-messages leaves no room for a single call; raise it") from None
    finally:
        session.disconnect(connection)
    piece.close()
    piece.settle()
    if not piece.measured.events:
        url = session.target(workload).endpoint.public_url
        raise EndpointRefusedError(_say(url, f"--{workload.server}", next(iter(piece.measured.failed))))
    return piece


def _say(url: str, option: str, failure: Failure) -> str:
    said = f"{failure.status}: {failure.message}" if failure.status else failure.message
    if failure.kind == "connect":
        return f"nothing listens at {url} ({said}); start a mock with: wiretax mock, or name another {option}"
    if failure.kind == "tls":
        return (
            f"{url} can't be trusted, or does not speak TLS ({said}); "
            "name its authority with --ca FILE, or see to host and port"
        )
    if failure.kind == "timeout":
        return f"{url} did not answer ({said}); check the address, or raise timeout in the plan"
    if failure.status in (401, 403):
        return f"{url} does not take these credentials ({said}); check app id, key and secret of {option}"
    if failure.status == 429:
        return f"{url} takes no more for now ({said}); wait, and run again with fewer users"
    if failure.kind in ("rejected", "error_body"):
        return f"{url} refused the first event ({said}); lower the plan's sizes or set its [limits]"
    return f"{url} does not speak the HTTP API ({said}); check host and port of {option}"
