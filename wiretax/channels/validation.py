"""Rejects invalid workloads before anything is sent."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from wiretax.channels.bodies.channel_names import (
    NUMBER,
    channels_in_turn,
    is_encrypted,
    longest_channel,
)
from wiretax.channels.bodies.encryption import most_encrypted_bytes
from wiretax.channels.bodies.events import Event, data_bytes, data_writer
from wiretax.channels.bodies.payloads import example, least_bytes
from wiretax.channels.bodies.replay import REPLAY
from wiretax.channels.limits import (
    ENCRYPTED,
    Limits,
    refuse_batch_size,
    refuse_channel,
    refuse_channel_count,
    refuse_encrypted,
    refuse_event_name,
)
from wiretax.channels.profiles import OPTIONAL_KEYS, Profile, load_profile
from wiretax.channels.profiles.library_limits import LibraryLimits, refuse_call, refuse_event
from wiretax.channels.workload import LIBRARY, Call, Workload, shortened

# What a run's files hold.
MOST_SPREAD = 2**31 - 1


def object_to_http(workload: Workload) -> str | None:
    """Why a workload can't be sent in its version of HTTP; None if it can."""
    transport = workload.transport
    if transport.http == "2" and not transport.by_library:
        return f'http = "2" goes with client = "{LIBRARY}", not with {transport.client!r}, which speaks HTTP/1.1'
    if transport.by_library and not transport.tls:
        return f'client = "{LIBRARY}" goes with tls = true: it agrees on HTTP/2 inside TLS'
    return None


def object_to_names(workload: Workload) -> str | None:
    """Why the names of a workload can't be made; None if they can. Whether the endpoint accepts them is asked of
    ``object_to``."""
    names, channels = workload.names, workload.call.channels
    if names.channel.count(NUMBER) > 1:
        return f"channel = {names.channel!r}, expected {NUMBER} once at most: it stands for the channel's number"
    if not 1 <= names.spread <= MOST_SPREAD:
        return f"spread = {names.spread}, expected 1 (the same in each call) to {MOST_SPREAD:,} channels"
    if 1 < names.spread < channels:
        return (
            f"spread = {names.spread}, expected {channels} or more: each call goes to {channels} different "
            "channels; raise spread or lower channels"
        )
    try:
        names.event.encode()
    except UnicodeEncodeError:
        return f"event = {names.event!r}, expected characters that UTF-8 has"
    return None


def object_to_call(call: Call, limits: Limits) -> str | None:
    """Why a call has too few or too many events or channels for an endpoint; None if it has not."""
    refusal = refuse_batch_size(call.batch_size, limits)
    if refusal is not None:
        return f"batch_size = {call.batch_size}: {refusal.message}; a dedicated cluster takes larger batches"
    refusal = refuse_channel_count(call.channels, limits)
    return None if refusal is None else f"channels = {call.channels}: {refusal.message}"


def object_to(workload: Workload, limits: Limits) -> str | None:
    """Why a workload can't be generated or would exceed an endpoint's limits; None if it is valid."""
    payload, transport = workload.payload, workload.transport
    objection = object_to_call(workload.call, limits)
    if objection is not None:
        return objection
    channel, event = longest_channel(workload), workload.names.event
    refusal = refuse_channel(channel, limits)
    if refusal is None and not payload.encrypted:
        # Of a workload that is to be encrypted, ``object_to_encryption`` says what to do.
        refusal = refuse_encrypted(next(channels_in_turn(workload)))
    if refusal is not None:
        return f"channel = {shortened(channel)!r}: {refusal.message}"
    refusal = refuse_event_name(event, limits)
    if refusal is not None:
        return f"event = {shortened(event)!r}: {refusal.message}"
    calls = transport.calls_per_connection
    if calls < 0 or (calls and transport.connection == "close"):
        return f'calls_per_connection = {calls}, expected 0 (all) or more, and nothing where connection = "close"'
    least = least_bytes(payload.kind)
    if not least <= payload.bytes <= limits.data_bytes:
        return (
            f"payload_bytes = {payload.bytes}, expected {least} (the smallest {payload.kind!r} "
            f"document) to {limits.data_bytes} (the data of one event)"
        )
    profile = load_profile(transport.client)
    arriving, why = data_bytes(workload, profile), f"{transport.client} encodes a string a second time"
    if payload.encrypted and profile.encryption is not None:
        arriving = most_encrypted_bytes(profile, Event(event, (channel,), example(payload.kind, payload.bytes)))
        why = "encrypted data is a third larger, and has a nonce"
    if arriving > limits.data_bytes:
        return (
            f"payload_bytes = {payload.bytes} arrives as {arriving} bytes of data, expected at most "
            f"{limits.data_bytes}: {why}"
        )
    return None


def object_to_encryption(workload: Workload) -> str | None:
    """Why a workload can't be encrypted, or must be, and what to do; None if all is well."""
    profile = load_profile(workload.transport.client)
    if not workload.payload.encrypted:
        channel = workload.names.channel
        if profile.encryption is None or not is_encrypted(channel):
            return None
        encrypts = f"{_whose(profile)} encrypts what is sent to it; set encrypted = true"
        return f"channel = {shortened(channel)!r}: {encrypts}"
    if profile.encryption is None:
        return (
            f"encrypted = true: {_whose(profile)} has no encryption; leave encrypted out, or name another client"
        )
    if workload.call.channels > 1:
        return (
            f"encrypted = true: {_whose(profile)} encrypts an event for one channel, got "
            f"{workload.call.channels:,}; leave multi-channel triggers out, or encrypted"
        )
    return None


def object_to_library(workload: Workload) -> str | None:
    """Why the client library would refuse to send a workload, and what to do; None if it would send it.

    A replay is checked event by event, with ``library_check``.
    """
    objection = object_to_encryption(workload)
    if objection is not None:
        return objection
    refusal = refused_by_library(workload)
    if refusal is None:
        return None
    payload = workload.payload
    if refused_by_library(workload.replace(payload_kind=REPLAY)) is not None:
        key = "batch_size" if workload.call.api == "batch" else "channels"
        return f"{key}: {refusal}; lower {key}, or name another client"
    refusal_of_names = _refused_by_library(workload, "")
    if refusal_of_names is not None:
        return f"{refusal_of_names}; shorten it, or name another client"
    sizes = range(least_bytes(payload.kind), payload.bytes)
    most = bisect_left(
        sizes, True, key=lambda size: refused_by_library(workload.replace(payload_bytes=size)) is not None
    )
    cure = f"lower payload_bytes to {sizes[most - 1]}" if most else "take another payload_kind"
    return f"payload_bytes = {payload.bytes} ({payload.kind}): {refusal}; {cure}, or name another client"


def refused_by_library(workload: Workload) -> str | None:
    """The limit of the client library that the calls of a workload exceed; None if it would send them."""
    profile, payload = load_profile(workload.transport.client), workload.payload
    limits = profile.limits
    if limits is None:
        return None
    refusal = refuse_call(limits, workload.call)
    if refusal is not None:
        return f"{_whose(profile)} {refusal}"
    if payload.kind == REPLAY:
        return None
    is_measured = limits.of(workload.call.api).data is not None
    return _refused_by_library(workload, example(payload.kind, payload.bytes) if is_measured else "")


def _refused_by_library(workload: Workload, data: str) -> str | None:
    """The limit of the client library that an event of a workload exceeds, if it has this data."""
    check = library_check(workload)
    return check and check(Event(workload.names.event, (longest_channel(workload),), data))


def library_check(workload: Workload) -> Callable[[Event], str | None] | None:
    """Returns a function that says why the client library would refuse an event in the calls of a workload.

    It returns None for an event that the library would send. If the library refuses no event there is no function.
    """
    profile, api = load_profile(workload.transport.client), workload.call.api
    limits, write, encrypts = profile.limits, data_writer(profile), workload.payload.encrypted
    unsent = set(OPTIONAL_KEYS).difference(profile.event_keys if api == "batch" else profile.trigger_keys)
    if limits is None and not unsent and not encrypts:
        return None
    limits = limits or LibraryLimits("", "read")

    def limited_data(event: Event) -> str:
        """What the library's limit of data applies to; of encrypted data, a text as long as it."""
        if encrypts and profile.encryption is not None and profile.encryption.limits_encrypted:
            return " " * most_encrypted_bytes(profile, event)
        return write(event)

    def check(event: Event) -> str | None:
        plain = next((each for each in event.channels if not is_encrypted(each)), None)
        if encrypts and plain is not None:
            return f"channel {plain!r} is not encrypted; begin its name with {ENCRYPTED}"
        for key in unsent:
            if getattr(event, key) is not None:
                call = "a batch" if api == "batch" else "a trigger"
                return f"{_whose(profile)} has no way to send {key} in {call}; remove it, or name another client"
        data = "" if limits.of(api).data is None else limited_data(event)
        refusal = refuse_event(limits, api, event.name, event.channels, data)
        return None if refusal is None else f"{_whose(profile)} {refusal}"

    return check


def _whose(profile: Profile) -> str:
    """The library and its version, and the name of its profile: ``pusher 3.3.4 (client python)``."""
    name = f"client {profile.name}"
    return name if profile.library == "none" else f"{profile.library} ({name})"
