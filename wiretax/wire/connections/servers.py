"""The servers that options name, and how their certificates are verified."""

from __future__ import annotations

from pathlib import Path

from wiretax.channels.endpoint import Endpoint, EndpointError
from wiretax.wire.connections.target import Target, TrustError, target_of


def server_of(option: str, url: str | None, ca: Path | None, insecure: bool, yes: bool) -> Target | None:
    """Read the server that an option names; None for a mock.

    Args:
        option: as it is written on the command line.
        url: the option's value.
        ca: a file of certificate authorities; None for the system's.
        insecure: whether to skip certificate verification.
        yes: whether the server may be on another machine.

    Raises:
        EndpointError, TrustError: it can't be used.
    """
    if url:
        return target_of(_allowed(url, yes), ca, insecure)
    if ca or insecure:
        raise TrustError(f"--ca and --insecure go with an https:// {option}; a mock is verified without them")
    return None


def servers_of(
    endpoint: str | None, against: str | None, ca: Path | None, insecure: bool
) -> tuple[Target | None, Target | None]:
    """Read both servers of a comparison: the endpoint (None for a mock) and the one of ``--against`` (None if not
    given). ``ca`` and ``insecure`` apply to both.

    Raises:
        EndpointError, TrustError: one can't be used, or only one of them uses TLS.
    """
    if not against:
        return server_of("--endpoint", endpoint, ca, insecure, yes=True), None
    first = Endpoint.parse(endpoint) if endpoint else None
    try:
        second = Endpoint.parse(against)
    except EndpointError as error:
        raise EndpointError(f"--against: {error}") from None
    if first is not None and first.scheme != second.scheme:
        raise EndpointError(
            f"--endpoint is {first.scheme}://, --against is {second.scheme}://: they would differ in more than "
            "the server; give both the same"
        )
    target = None if first is None else target_of(first, ca, insecure)
    return target, target_of(second, ca, insecure, "against")


def _allowed(url: str, yes: bool) -> Endpoint:
    endpoint = Endpoint.parse(url)
    if not endpoint.is_loopback and not yes:
        raise EndpointError(
            f"{endpoint.public_url} is not on this machine, and each message counts against the app's quota; add "
            "--yes if you mean it"
        )
    return endpoint
