"""The endpoint that events are published to, written like the official libraries' ``PUSHER_URL``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from urllib.parse import SplitResult, quote, unquote, urlsplit

EXAMPLE = "http://KEY:SECRET@127.0.0.1:8080/apps/APP_ID"

DEFAULT_PORTS = {"http": 80, "https": 443}

# Ids of this form need no escaping in a URL, and no library escapes them.
PLAIN = re.compile(r"[A-Za-z0-9_-]+")

# The service's own hosts, by cluster.
SERVICE_HOST = re.compile(r"api-([a-z0-9-]+)\.pusher\.com")

# A path: a prefix before /apps, and slashes at its end and after the app id, which no request repeats.
APP_PATH = re.compile(r"(.*?)/+apps/([^/]+)/*")
# A prefix that every client sends as it is written: no dots to resolve, nothing to escape.
PREFIX = re.compile(r"(/(?!\.{1,2}(/|$))([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)*")


class EndpointError(ValueError):
    """An endpoint that can't be used; the message never contains the secret."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """An app's id, key and secret, and the master key of its encrypted channels (32 bytes; None if it is unknown).
    Secrets are left out of the repr."""

    app_id: str
    key: str
    secret: str = field(repr=False)
    master_key: bytes | None = field(default=None, repr=False, compare=False)


# The mock's app. The golden requests of the real libraries were captured with these ids, so heads measured here
# can be compared with them to the byte.
DEMO = Credentials("123456", "0123456789abcdef0123", "fedcba9876543210fedc", bytes(range(32)))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server that speaks the HTTP API, and the app to publish as.

    Attributes:
        scheme: "http" or "https".
        host: a name or an address, IPv6 without brackets.
        port: the TCP port.
        app: the credentials that sign every request.
        prefix: what precedes ``/apps`` in every path, like ``/ws``; empty if nothing does.
        signs_prefix: whether signatures cover the prefix. Most servers behind one never see it.
    """

    scheme: str
    host: str
    port: int
    app: Credentials
    prefix: str = ""
    signs_prefix: bool = False

    @classmethod
    def parse(cls, url: str) -> Endpoint:
        """Read ``scheme://KEY:SECRET@host[:port][/PREFIX]/apps/APP_ID``.

        Raises:
            EndpointError: says what is missing or wrong, and what to write instead.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise _refused(f"it can't be read as a URL ({_without_value(error)})") from None
        prefix, app = _app(parts)
        if parts.scheme not in DEFAULT_PORTS:
            raise _refused(f"its scheme is {parts.scheme!r}, expected http or https")
        if not is_text(url):
            raise _refused("it has bytes that are not UTF-8")
        if not parts.hostname or "%" in parts.hostname or not is_host(parts.hostname):
            raise _refused("it has no host, or one that is invalid in a Host header")
        return cls(parts.scheme, parts.hostname, port or DEFAULT_PORTS[parts.scheme], app, prefix)

    @property
    def authority(self) -> str:
        """The Host header's value, without the port if it is the scheme's default."""
        full = self.full_authority
        return full.rpartition(":")[0] if self.port == DEFAULT_PORTS[self.scheme] else full

    @property
    def full_authority(self) -> str:
        """Host and port, even if the port is the scheme's default."""
        return host_and_port(self.host, self.port)

    def for_subscribers(self) -> Endpoint:
        """Where its subscribers connect: the service has another host for them, ``ws-CLUSTER.pusher.com``."""
        found = SERVICE_HOST.fullmatch(self.host)
        return self if found is None else replace(self, host=f"ws-{found[1]}.pusher.com")

    @property
    def app_path(self) -> str:
        """What the path of every call begins with."""
        return f"{self.prefix}/apps/{self.app.app_id}"

    def signed_path(self, path: str) -> str:
        """The part of a call's path that its signature covers."""
        return path if self.signs_prefix else path[len(self.prefix) :]

    @property
    def public_url(self) -> str:
        """The endpoint without key and secret, for files, logs and pages."""
        return f"{self.scheme}://{self.authority}{self.app_path}"

    @property
    def template_url(self) -> str:
        """The endpoint as a user writes it, with KEY and SECRET in place of both, for advice."""
        return f"{self.scheme}://KEY:SECRET@{self.authority}{self.app_path}"

    @property
    def secret_url(self) -> str:
        """The endpoint with key and secret, as ``parse`` reads it."""
        app = self.app
        return f"{self.scheme}://{app.key}:{quote(app.secret, safe='')}@{self.full_authority}{self.app_path}"

    @property
    def is_loopback(self) -> bool:
        """Whether traffic to it stays on this machine."""
        return is_loopback(self.host)


def host_and_port(host: str, port: int) -> str:
    """A host, by name or address without brackets, and a port, as a URL has them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether a host, by name or address without brackets, is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_host(name: str) -> bool:
    """Whether a name can be looked up: each of its labels has 1 to 63 bytes as DNS encodes them."""
    if name.isascii():
        return all(0 < len(label) < 64 for label in name.removesuffix(".").split("."))
    try:
        name.encode("idna")
    except UnicodeError:
        return False
    return True


def is_text(given: str) -> bool:
    """Whether an argument or a variable was UTF-8; bytes that were not can't be encoded again."""
    try:
        given.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_prefix(path: str) -> bool:
    """Whether a path, without a slash at its end, can precede ``/apps``."""
    return PREFIX.fullmatch(path) is not None


def _app(parts: SplitResult) -> tuple[str, Credentials]:
    """The prefix of the path, and the app."""
    if not parts.username or not parts.password:
        raise _refused("it lacks the key or the secret")
    path = APP_PATH.fullmatch(parts.path)
    if path is None or parts.query or parts.fragment:
        raise _refused("its path is not /apps/APP_ID, or that after a prefix")
    if not is_prefix(path[1]):
        raise _refused("the prefix before /apps has empty or dotted parts, or characters that need escaping")
    app = Credentials(path[2], unquote(parts.username), unquote(parts.password))
    if not PLAIN.fullmatch(app.key) or not PLAIN.fullmatch(app.app_id):
        raise _refused("its key or app id has characters other than letters, digits, - and _")
    return path[1], app


def _refused(why: str) -> EndpointError:
    # The URL is not repeated because it contains the secret.
    return EndpointError(f"the endpoint can't be used: {why}; write it as {EXAMPLE}")


def _without_value(error: ValueError) -> str:
    return "its port is not a number from 0 to 65535" if "ort" in str(error) else "malformed"


# The service's endpoint; the demo ids are as long as its real ids.
SERVICE = Endpoint("https", "api-mt1.pusher.com", 443, DEMO)
PLAIN_SERVICE = Endpoint("http", SERVICE.host, 80, DEMO)
