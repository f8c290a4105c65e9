"""The servers that options name, and the options that go with their URLs."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from wiretax.channels.endpoint import Endpoint, EndpointError
from wiretax.channels.workload import Server
from wiretax.wire.connections.target import Target, TrustError, target_of
from wiretax.wire.reach.proxy import proxy_for


@dataclass(frozen=True, slots=True)
class Access:
    """The options that go with a server's URL.

    Attributes:
        ca: a file of certificate authorities; None for the system's.
        insecure: whether to skip certificate verification.
        signs_prefix: whether signatures cover a prefix of the URL's path.
        cert: a file with the client's certificate; None for none.
        key: a file with its private key; None if it is in the same file.
    """

    ca: Path | None = None
    insecure: bool = False
    signs_prefix: bool = False
    cert: Path | None = None
    key: Path | None = None

    def over(self, other: Access) -> Access:
        """These options, and the other's where none is given; a key belongs to its certificate."""
        own = self.cert is not None or self.key is not None
        return Access(
            self.ca or other.ca,
            self.insecure or other.insecure,
            self.signs_prefix or other.signs_prefix,
            self.cert if own else other.cert,
            self.key if own else other.key,
        )

    def in_folder(self, folder: Path) -> Access:
        """The same, with files that are relative to a folder."""
        ca, cert, key = (None if each is None else folder / each for each in (self.ca, self.cert, self.key))
        return replace(self, ca=ca, cert=cert, key=key)

    def target(self, endpoint: Endpoint, server: Server = "endpoint") -> Target:
        """An endpoint that is reached by these options, and through the environment's proxy if it has one.

        Raises:
            TrustError, ProxySettingError: it can't be.
        """
        endpoint = replace(endpoint, signs_prefix=self.signs_prefix)
        proxy = proxy_for(endpoint, os.environ)
        return target_of(endpoint, self.ca, self.insecure, server, self.cert, self.key, proxy)

    def refuse_for_mock(self, option: str) -> None:
        """Check that no option was given, where no URL was.

        Args:
            option: the one that takes the URL, as it is written on the command line.

        Raises:
            TrustError: one was.
        """
        if self.ca or self.insecure:
            raise TrustError(f"--ca and --insecure go with an https:// {option}; a mock is verified without them")
        if self.cert or self.key:
            raise TrustError(f"--cert and --key go with an https:// {option}; a mock asks for no certificate")
        if self.signs_prefix:
            raise TrustError(f"--sign-prefix goes with {option}; the built-in mock has no prefix")


NO_ACCESS = Access()


def server_of(option: str, url: str | None, access: Access, yes: bool) -> Target | None:
    """Read the server that an option names; None for a mock.

    Args:
        option: as it is written on the command line.
        url: the option's value.
        access: the options that go with it.
        yes: whether the server may be on another machine.

    Raises:
        EndpointError, TrustError, ProxySettingError: it can't be used.
    """
    if url:
        return access.target(_allowed(url, yes))
    access.refuse_for_mock(option)
    return None


def endpoints_of(endpoint: str | None, against: str | None) -> tuple[Endpoint | None, Endpoint | None]:
    """Read both servers of a comparison: the endpoint (None for a mock) and the one of ``--against`` (None if not
    given).

    Raises:
        EndpointError: one can't be used, or only one of them uses TLS.
    """
    first = Endpoint.parse(endpoint) if endpoint else None
    if not against:
        return first, None
    try:
        second = Endpoint.parse(against)
    except EndpointError as error:
        raise EndpointError(f"--against: {error}") from None
    if first is not None and first.scheme != second.scheme:
        raise EndpointError(
            f"--endpoint is {first.scheme}://, --against is {second.scheme}://: they would differ in more than "
            "the server; give both the same"
        )
    return first, second


def _allowed(url: str, yes: bool) -> Endpoint:
    endpoint = Endpoint.parse(url)
    if not endpoint.is_loopback and not yes:
        raise EndpointError(
            f"{endpoint.public_url} is not on this machine, and each message counts against the app's quota; add "
            "--yes if you mean it"
        )
    return endpoint
