"""One workload's requests, byte for byte: the model that socket and server counts are compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate

from wiretax.channels.endpoint import Endpoint
from wiretax.channels.profiles import CONTENT_LENGTH, DATE, HOST, Profile
from wiretax.channels.request.signing import AUTH_VERSION, Hmac, body_md5, string_to_sign
from wiretax.channels.workload import Api, Habit

# In a query that is being rendered: where md5 and signature go.
BLANK = "\0"
PATHS = {"trigger": "events", "multi_trigger": "events", "batch": "batch_events"}


@dataclass(frozen=True, slots=True)
class HeadSizes:
    """The parts of a head in bytes. Their sum is the head.

    Attributes:
        request_line: method, path, version and line end, without the query.
        auth_query: the signed query with its ``?``.
        headers: header lines and the blank line.
    """

    request_line: int
    auth_query: int
    headers: int


class RequestHead:
    """Renders and signs the heads of one API call to one endpoint, as one library writes them.

    Within one second, only md5, signature and Content-Length change. The rest is rendered, and the signed string
    hashed, once per second; what follows the digests, once for each length of body.
    """

    __slots__ = (
        "_after",
        "_app",
        "_ends",
        "_headers",
        "_hmac",
        "_md5_first",
        "_middle",
        "_path",
        "_query",
        "_second",
        "_sign",
        "_signed_path",
        "_start",
    )

    def __init__(self, endpoint: Endpoint, profile: Profile, api: Api, connection: Habit) -> None:
        self._app = endpoint.app
        self._query = profile.query
        self._md5_first = profile.query.index("body_md5") < profile.query.index("auth_signature")
        self._path = f"{endpoint.app_path}/{PATHS[api]}"
        self._signed_path = endpoint.signed_path(self._path)
        host = endpoint.full_authority if profile.default_port_in_host else endpoint.authority
        values = {HOST: host, CONTENT_LENGTH: "%d"}
        self._headers = "".join(
            f"{name}: {values.get(value, value)}\r\n"
            for name, value in _with_connection(profile.headers, profile.connection, connection)
        )
        self._hmac = Hmac(endpoint.app.secret.encode())
        self._sign: Callable[[bytes], str] = self._hmac.hexdigest
        self._start = self._middle = self._after = ""
        self._ends: dict[int, str] = {}
        self._second = -1

    def render(self, body: bytes, timestamp: int) -> bytes:
        """The head for this body, signed at ``timestamp`` (seconds since the epoch): all bytes before the body."""
        if timestamp != self._second:
            self._begin_second(timestamp)
        end = self._ends.get(len(body)) or self._end(len(body))
        digest = body_md5(body)
        signature = self._sign(digest.encode())
        if self._md5_first:
            return f"{self._start}{digest}{self._middle}{signature}{end}".encode()
        return f"{self._start}{signature}{self._middle}{digest}{end}".encode()

    def target(self, body: bytes, timestamp: int) -> bytes:
        """Path and signed query of the head for this body."""
        return self.render(body, timestamp).split(b" ", 2)[1]

    def sizes(self, body_length: int) -> HeadSizes:
        """The sizes of the head before a body of this length."""
        line = len(f"POST {self._path} HTTP/1.1\r\n")
        query = len("?" + self._fill_query("0" * 10, "0" * 32, "0" * 64))
        return HeadSizes(line, query, len(self._dated(0) % body_length) + len("\r\n"))

    def _begin_second(self, timestamp: int) -> None:
        # The md5 is the last of the sorted parameters, so the signed text before it is the same for a whole
        # second.
        known = {
            "auth_key": self._app.key,
            "auth_timestamp": str(timestamp),
            "auth_version": AUTH_VERSION,
            "body_md5": "",
        }
        signed = string_to_sign("POST", self._signed_path, known.items())
        self._sign = self._hmac.starting_with(signed.encode()).hexdigest
        before, self._middle, self._after = self._fill_query(str(timestamp), BLANK, BLANK).split(BLANK)
        self._start = f"POST {self._path}?{before}"
        self._ends = {}
        self._second = timestamp

    def _end(self, length: int) -> str:
        """All of a head after the last of its digests."""
        end = f"{self._after} HTTP/1.1\r\n{self._dated(self._second) % length}\r\n"
        self._ends[length] = end
        return end

    def _dated(self, timestamp: int) -> str:
        return self._headers.replace(DATE, formatdate(timestamp, usegmt=True))

    def _fill_query(self, timestamp: str, md5: str, signature: str) -> str:
        values = {
            "auth_key": self._app.key,
            "auth_timestamp": timestamp,
            "auth_version": AUTH_VERSION,
            "body_md5": md5,
            "auth_signature": signature,
        }
        return "&".join(f"{key}={values[key]}" for key in self._query)


def _with_connection(
    headers: tuple[tuple[str, str], ...], habit: Habit, wanted: Habit
) -> tuple[tuple[str, str], ...]:
    """The headers for a workload that keeps or closes connections other than the library does.

    Nothing is added to keep a connection: HTTP/1.1 keeps it by default, and some libraries close without a header.
    """
    if wanted == habit:
        return headers
    if any(name.lower() == "connection" for name, _ in headers):
        return tuple((name, wanted if name.lower() == "connection" else value) for name, value in headers)
    return headers if wanted == "keep-alive" else (*headers, ("Connection", wanted))
