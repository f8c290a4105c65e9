"""What libraries refuse to send, by their profiles."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiretax.channels.profiles import library_limits as limits
from wiretax.channels.profiles import load_profile, parse_profile, profile_names
from wiretax.channels.profiles.library_limits import LibraryLimits, refuse_call, refuse_event, size_in
from wiretax.channels.workload import Call


def of(client: str) -> LibraryLimits:
    own = load_profile(client).limits
    assert own is not None
    return own


@pytest.mark.parametrize("client", profile_names())
def test_each_library_says_what_it_refuses_and_where_that_was_read(client: str) -> None:
    profile = load_profile(client)
    assert (profile.limits is None) == (profile.library == "none")
    if profile.limits is not None:
        version = profile.library.rpartition(" ")[2]
        assert f" {version}: " in profile.limits.source
        # Of a library that runs in the tests, the version is certain.
        assert profile.limits.verified == "read" or " about " not in profile.limits.source
        assert profile.limits.retries == 0


def test_the_libraries_that_run_here_are_those_that_were_verified() -> None:
    verified = {
        client for client in profile_names() if (own := load_profile(client).limits) and own.verified == "run"
    }
    assert verified == {"python", "python-aiohttp", "python-tornado", "node", "node-18"}


@pytest.mark.parametrize("client", profile_names())
def test_each_library_says_how_it_encrypts_and_where_that_was_read(client: str) -> None:
    profile = load_profile(client)
    assert (profile.encryption is None) == (profile.library == "none" and client != "reference")
    if profile.limits is not None and profile.encryption is not None:
        version = profile.library.rpartition(" ")[2]
        assert f" {version}: " in profile.encryption.source
        # A library that runs in the tests encrypts there, too.
        assert profile.encryption.verified == profile.limits.verified


@given(st.text())
def test_memory_is_what_python_says(text: str) -> None:
    size = sys.getsizeof("".join(list(text)))
    # One character may be shared, and have been encoded before.
    if len(text) > 1:
        newer = sys.version_info >= (3, 12)
        assert size_in(text, "memory") == size + (8 if text.isascii() else 16) * newer


def test_one_emoji_makes_text_four_times_as_heavy() -> None:
    assert size_in("a" * 3000, "memory") == 3049
    assert size_in("a" * 2999 + "👍", "memory") == 12_076
    assert [size_in("👍é", measure) for measure in ("utf8", "utf16", "characters")] == [6, 3, 2]


@pytest.mark.parametrize(
    ("client", "call", "says"),
    [
        ("dotnet", Call("batch", 11), "sends at most 10 events in a batch, got 11"),
        ("dotnet", Call("batch", 10), None),
        ("python", Call("batch", 50), None),
        ("node", Call("multi_trigger", channels=101), "sends an event to at most 100 channels, got 101"),
        ("dotnet", Call("multi_trigger", channels=101), None),
    ],
)
def test_a_call_is_as_large_as_the_library_allows(client: str, call: Call, says: str | None) -> None:
    assert refuse_call(of(client), call) == says


def test_names_and_data_are_measured_as_the_library_does() -> None:
    assert refuse_event(of("node"), "trigger", "👍" * 101, ["c"], "") == (
        "sends an event's name of at most 200 UTF-16 code units in a trigger, got 202"
    )
    assert refuse_event(of("node"), "batch", "👍" * 101, ["c"], "") is None
    assert refuse_event(of("python"), "trigger", "👍" * 101, ["c"], "") is None
    assert refuse_event(of("dotnet"), "batch", "n", ["c", "c" * 165], "") == (
        "sends a channel's name of at most 164 UTF-16 code units in a batch, got 165"
    )
    assert refuse_event(of("go"), "batch", "n", ["c"], "é" * 5121) == (
        "sends data of at most 10,240 bytes of UTF-8 in a batch, got 10,242"
    )
    assert refuse_event(of("python"), "multi_trigger", "n", ["c"], "é" * 30_648) == (
        "sends data of at most 30,720 bytes of memory (Python's sys.getsizeof) in a trigger, got 30,721"
    )


def test_a_profile_with_an_unknown_limit_is_refused() -> None:
    from wiretax.channels.profiles import FOLDER, ProfileError

    text = (FOLDER / "dotnet.toml").read_text().replace("events = 10", "event = 10")
    with pytest.raises(ProfileError, match=r"dotnet.toml: .*event"):
        parse_profile("dotnet", text)


def test_every_measure_has_a_unit() -> None:
    assert {own.data_in for own in map(of, ("python", "go"))} <= set(limits.UNITS)
