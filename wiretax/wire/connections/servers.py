"""The servers that options name, and the options that go with their URLs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from wiretax.channels.endpoint import Endpoint, EndpointError
from wiretax.channels.workload import Server
from wiretax.wire.connections.target import Target, TrustError, target_of


@dataclass(frozen=True, slots=True)
class Access:
    """The options that go with a server's URL.

    Attributes:
        ca: a file of certificate authorities; None for the system's.
        insecure: whether to skip certificate verification.
        signs_prefix: whether signatures cover a prefix of the URL's path.
    """

    ca: Path | None = None
    insecure: bool = False
    signs_prefix: bool = False

    def target(self, endpoint: Endpoint, server: Server = "endpoint") -> Target:
        """An endpoint that is reached by these options.

        Raises:
            TrustError: it can't be.
        """
        return target_of(replace(endpoint, signs_prefix=self.signs_prefix), self.ca, self.insecure, server)

    def refuse_for_mock(self, option: str) -> None:
        """Check that no option was given, where no URL was.

        Args:
            option: the one that takes the URL, as it is written on the command line.

        Raises:
            TrustError: one was.
        """
        if self.ca or self.insecure:
            raise TrustError(f"--ca and --insecure go with an https:// {option}; a mock is verified without them")
        if self.signs_prefix:
            raise TrustError(f"--sign-prefix goes with {option}; the built-in mock has no prefix")


def server_of(option: str, url: str | None, access: Access, yes: bool) -> Target | None:
    """Read the server that an option names; None for a mock.

    Args:
        option: as it is written on the command line.
        url: the option's value.
        access: the options that go with it.
        yes: whether the server may be on another machine.

    Raises:
        EndpointError, TrustError: it can't be used.
    """
    if url:
        return access.target(_allowed(url, yes))
    access.refuse_for_mock(option)
    return None


def servers_of(endpoint: str | None, against: str | None, access: Access) -> tuple[Target | None, Target | None]:
    """Read both servers of a comparison: the endpoint (None for a mock) and the one of ``--against`` (None if not
    given). ``access`` applies to both.

    Raises:
        EndpointError, TrustError: one can't be used, or only one of them uses TLS.
    """
    if not against:
        return server_of("--endpoint", endpoint, access, yes=True), None
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
    target = None if first is None else access.target(first)
    return target, access.target(second, "against")


def _allowed(url: str, yes: bool) -> Endpoint:
    endpoint = Endpoint.parse(url)
    if not endpoint.is_loopback and not yes:
        raise EndpointError(
            f"{endpoint.public_url} is not on this machine, and each message counts against the app's quota; add "
            "--yes if you mean it"
        )
    return endpoint
