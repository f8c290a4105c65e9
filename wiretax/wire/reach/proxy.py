"""The web proxy that the environment names for a server, and the tunnel through it.

The variables are read as curl and Python's urllib read them: lower case before upper case, ``ALL_PROXY`` for both
schemes, and ``NO_PROXY`` with names, their subdomains, addresses, networks and ports.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from urllib.parse import unquote, urlsplit

from wiretax.channels.endpoint import DEFAULT_PORTS, Endpoint, host_and_port, is_host

BLANK_LINE = b"\r\n\r\n"
# Far above any proxy's answer to CONNECT.
MAX_REPLY_BYTES = 65_536


class ProxySettingError(ValueError):
    """A proxy that can't be used: one line that names the variable, without user and password."""


class TunnelError(OSError):
    """A proxy that opened no tunnel: its message says which proxy, why, and what to do.

    Attributes:
        what: which proxy, and why.
        advice: what to do; empty if that is not known.
    """

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(f"{what}; {advice}" if advice else what)
        self.what = what
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that connects to a server when it is asked to by CONNECT.

    Attributes:
        host: a name or an address, IPv6 without brackets.
        port: the TCP port.
        variable: the environment's variable that names it.
        authorization: the value of Proxy-Authorization; empty for none. It is a secret.
    """

    host: str
    port: int
    variable: str
    authorization: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"the proxy {self.url} ({self.variable})"

    @property
    def url(self) -> str:
        """The proxy without user and password, for files, logs and pages."""
        return f"http://{host_and_port(self.host, self.port)}"

    def request(self, endpoint: Endpoint) -> bytes:
        """The request for a tunnel to a server."""
        authority = endpoint.full_authority
        head = f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n"
        if self.authorization:
            head += f"Proxy-Authorization: {self.authorization}\r\n"
        return f"{head}\r\n".encode()

    def after_reply(self, received: bytes) -> bytes | None:
        """What came after the reply that opened a tunnel; None while the reply is not whole.

        Args:
            received: all that the proxy sent.

        Raises:
            TunnelError: it opens none.
        """
        head, end, rest = received.partition(BLANK_LINE)
        if not end:
            if len(received) > MAX_REPLY_BYTES:
                raise TunnelError(f"{self} does not end its reply to CONNECT")
            return None
        version, _, status = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
        if not version.startswith("HTTP/1.") or not status[:3].isdigit():
            raise TunnelError(f"{self} does not speak HTTP/1.1")
        if not status.startswith("2"):
            raise TunnelError(f"{self} opened no tunnel: {status.strip()}", self._remedy(status[:3]))
        return rest

    def _remedy(self, status: str) -> str:
        if status == "407":
            given = "check user and password in" if self.authorization else "put USER:PASSWORD@ before its host in"
            return f"{given} {self.variable}"
        return "it may not allow this host or port: ask who runs it, or add the host to NO_PROXY"


@dataclass(frozen=True, slots=True)
class Tunnel:
    """What a connection goes through.

    Attributes:
        proxy: what it is opened to.
        request: the request that makes the proxy connect to the server. It may hold a password.
    """

    proxy: Proxy
    request: bytes = field(repr=False)


def proxy_for(endpoint: Endpoint, environment: Mapping[str, str]) -> Proxy | None:
    """The proxy that the environment names for a server; None for a direct connection.

    Nothing that is sent to this machine goes through a proxy.

    Raises:
        ProxySettingError: the proxy can't be used, or not for this server.
    """
    if endpoint.is_loopback:
        return None
    variable, value = _variable(f"{endpoint.scheme}_proxy", environment)
    if not value:
        return None
    _, excluded = _variable("no_proxy", environment)
    if any(_excludes(entry, endpoint) for entry in excluded.replace(",", " ").split()):
        return None
    if endpoint.scheme == "http":
        raise ProxySettingError(
            f"{variable} is set, and a proxy would get {endpoint.public_url} with other request lines than the "
            f"server: wiretax does not measure that; add {endpoint.host} to NO_PROXY to connect directly, or use "
            "https://"
        )
    return _parse(variable, value)


def _variable(name: str, environment: Mapping[str, str]) -> tuple[str, str]:
    """The first variable that is set, and its value; a proxy's is followed by that of all schemes."""
    names = [name, name.upper()]
    if name != "no_proxy":
        names += ["all_proxy", "ALL_PROXY"]
    return next(((each, environment[each].strip()) for each in names if each in environment), ("", ""))


def _excludes(entry: str, endpoint: Endpoint) -> bool:
    """Whether an entry of NO_PROXY names a server."""
    if entry == "*":
        return True
    host, entry = endpoint.host.lower().removesuffix("."), entry.lower()
    # A bare IPv6 address has no port.
    if entry.count(":") == 1 or entry.startswith("["):
        entry = entry.removesuffix(f":{endpoint.port}").removeprefix("[").removesuffix("]")
    try:
        address = ip_address(host)
    except ValueError:
        domain = entry.removeprefix("*").strip(".")
        return bool(domain) and (host == domain or host.endswith(f".{domain}"))
    try:
        return address in ip_network(entry, strict=False)
    except ValueError:
        return False


def _parse(variable: str, value: str) -> Proxy:
    # The value is not repeated because it may contain a password.
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        port = parts.port or DEFAULT_PORTS["http"]
    except ValueError:
        raise ProxySettingError(
            f"{variable} can't be read as a URL; write it as http://[USER:PASSWORD@]HOST:PORT"
        ) from None
    if parts.scheme != "http":
        raise ProxySettingError(
            f"{variable} names a proxy by {parts.scheme!r}, expected http; name an HTTP proxy, or add the host to "
            "NO_PROXY to connect directly"
        )
    if not parts.hostname or not is_host(parts.hostname):
        raise ProxySettingError(f"{variable} names no host; write it as http://[USER:PASSWORD@]HOST:PORT")
    authorization = ""
    if parts.username is not None:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = f"Basic {b64encode(user.encode()).decode()}"
    return Proxy(parts.hostname, port, variable, authorization)
