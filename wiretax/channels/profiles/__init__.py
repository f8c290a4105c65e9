"""Client libraries as data: the exact head that each one sends, its JSON, and how it uses connections."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

import msgspec

from wiretax.channels.profiles.encryption_style import BASE64, EncryptionStyle
from wiretax.channels.profiles.json_style import JsonStyle
from wiretax.channels.profiles.library_limits import LibraryLimits
from wiretax.channels.request.signing import QUERY
from wiretax.channels.workload import LIBRARY, Habit

FOLDER = Path(__file__).parent
# Members that few events have.
OPTIONAL_KEYS = ("socket_id", "info")
HOST, CONTENT_LENGTH, DATE = "{host}", "{content_length}", "{date}"
VERSION = re.compile(r"([0-9]+(\.[0-9]+)*)?")
# The profile that describes a client which has none under its name.
PROFILE_OF = {LIBRARY: "httpx"}


class ProfileError(ValueError):
    """An invalid profile file; the message names it and the error in one line."""


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one client library puts on the wire.

    Attributes:
        schema: the version of this format.
        name: its name in plans.
        library: the library and version whose bytes were captured.
        http_client: the HTTP client that the library uses.
        batches_since: the library's first version that publishes batches; empty if that is no question.
        query: the query's parameters in order.
        headers: names and values in order and case; ``{host}``, ``{content_length}`` and ``{date}`` are filled in.
        default_port_in_host: whether Host includes the port even if it is the scheme's default.
        writes: 1 if head and body are written to the socket together, 2 if separately.
        connection: whether the connection is kept for the next call.
        idle_close_s: seconds after which the library closes an idle connection; 0 if it leaves that to the server.
        trigger_keys: a trigger's members in order; "channel" if one channel is sent as a string. The library can't
            send a socket_id or info that is missing here.
        event_keys: a batched event's members in order, likewise.
        data_json: how an event's data is encoded if the application passes a document.
        encodes_ready_strings: whether data that the application passes as a string is encoded again.
        body_json: how the body is encoded.
        limits: what the library refuses to send; None for a client that refuses nothing itself.
        encryption: how it encrypts; None if it has no encryption.
    """

    schema: int
    name: str
    library: str
    http_client: str
    query: tuple[str, ...]
    headers: tuple[tuple[str, str], ...]
    batches_since: str = ""
    default_port_in_host: bool = False
    writes: int = 1
    connection: Habit = "keep-alive"
    idle_close_s: float = 0.0
    trigger_keys: tuple[str, ...] = ("name", "channels", "data", *OPTIONAL_KEYS)
    event_keys: tuple[str, ...] = ("channel", "name", "data", *OPTIONAL_KEYS)
    data_json: JsonStyle = JsonStyle()
    encodes_ready_strings: bool = False
    body_json: JsonStyle = JsonStyle()
    limits: LibraryLimits | None = None
    encryption: EncryptionStyle | None = None

    @property
    def versions(self) -> str:
        """The versions whose bytes were captured: ``pusher 3.3.4, requests 2.34.2, urllib3 2.8.0``."""
        named = [each for each in (self.library, self.http_client) if each != "none"]
        return ", ".join(named) or "none"

    @property
    def escapes_base64(self) -> bool:
        """Whether encrypted events of one size differ in bytes, since some characters of base64 are escaped."""
        styles = [self.body_json] if self.encryption is None else [self.body_json, self.encryption.json]
        return any(BASE64 & style.escapes.keys() for style in styles)

    def __post_init__(self) -> None:
        if self.schema != 1:
            raise ValueError(f"schema {self.schema}, expected 1")
        if sorted(self.query) != sorted(QUERY):
            raise ValueError(f"query {list(self.query)}, expected each of {sorted(QUERY)} once")
        if not VERSION.fullmatch(self.batches_since):
            raise ValueError(f"batches_since {self.batches_since!r}, expected a version like 1.3.0")
        if self.writes not in (1, 2):
            raise ValueError(f"writes = {self.writes}, expected 1 or 2")
        if self.idle_close_s < 0:
            raise ValueError(f"idle_close_s = {self.idle_close_s:g}, expected 0 or more seconds")
        if any("%" in name + value for name, value in self.headers):
            raise ValueError("a header contains a %, which no library sends")
        values = [value for _, value in self.headers]
        for placeholder in (HOST, CONTENT_LENGTH):
            if values.count(placeholder) != 1:
                raise ValueError(f"expected exactly one header with the value {placeholder}")
        for value in values:
            if "{" in value and value not in (HOST, CONTENT_LENGTH, DATE):
                raise ValueError(f"unknown placeholder in the header value {value!r}")
        optional = "and socket_id and info if the library sends them"
        if _needed(self.trigger_keys) not in (["channels", "data", "name"], ["channel", "data", "name"]):
            keys = list(self.trigger_keys)
            raise ValueError(f"trigger_keys {keys}, expected name, data and channels or channel, {optional}")
        if _needed(self.event_keys) != ["channel", "data", "name"]:
            raise ValueError(f"event_keys {list(self.event_keys)}, expected channel, name and data, {optional}")


def _needed(keys: tuple[str, ...]) -> list[str]:
    """The sorted keys without one of each optional key."""
    needed = sorted(keys)
    for key in OPTIONAL_KEYS:
        if key in needed:
            needed.remove(key)
    return needed


@cache
def profile_names() -> tuple[str, ...]:
    """The profiles included in wiretax, sorted."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.toml")))


@cache
def load_profile(name: str) -> Profile:
    """Read one profile; for ``LIBRARY``, the one that describes it.

    Raises:
        KeyError: for any other name that is not in ``profile_names()``.
        ProfileError: if its file is invalid.
    """
    name = PROFILE_OF.get(name, name)
    if name not in profile_names():
        raise KeyError(name)
    return parse_profile(name, (FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def parse_profile(name: str, text: str) -> Profile:
    """Parse and validate a profile's TOML.

    Raises:
        ProfileError: if it is invalid.
    """
    try:
        return msgspec.convert(tomllib.loads(text), Profile)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        known = ", ".join(Profile.__struct_fields__)
        raise ProfileError(f"profile {name}.toml: {error}; its keys are {known}") from None


def encrypted_sizes_vary(client: str) -> bool:
    """Whether encrypted events of a client vary in size, as it escapes characters of base64; also if no profile
    describes how it encrypts."""
    known = PROFILE_OF.get(client, client) in profile_names()
    return not known or load_profile(client).escapes_base64
