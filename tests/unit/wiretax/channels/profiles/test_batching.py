"""Since which version libraries publish batches, and requests of older ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from captured import CAPTURED, head_of

from wiretax.channels.profiles import ProfileError, load_profile, parse_profile, profile_names
from wiretax.channels.profiles.batching import without_batches

# By the changelogs of the libraries.
SINCE = {
    "dotnet": "3.0.0",
    "go": "1.2.0",
    "java": "1.0.0",
    "node": "1.3.0",
    "php": "2.4.0",
    "python": "1.3.0",
    "ruby": "1.1.0",
}


def test_each_library_has_its_first_version_with_batches() -> None:
    for name in profile_names():
        profile = load_profile(name)
        assert profile.batches_since == ("" if profile.limits is None else SINCE[name.partition("-")[0]])


def test_a_profile_with_another_version_is_refused() -> None:
    text = (Path(parse_profile.__code__.co_filename).parent / "ruby.toml").read_text()
    with pytest.raises(ProfileError, match="batches_since 'v1', expected a version"):
        parse_profile("ruby", text.replace('"1.1.0"', '"v1"'))


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("X-Pusher-Library: pusher-http-python 1.2.3", "pusher-http-python 1.2.3 can't publish batches: 1.3.0 is"),
        ("x-pusher-library: pusher-http-node 1.2", "pusher-http-node 1.2 can't publish batches: 1.3.0 is"),
        ("User-Agent: pusher-http-ruby/0.18.0 (linux)", "pusher-http-ruby 0.18.0 can't publish batches: 1.1.0 is"),
        ("X-Pusher-Library: pusher-http-php 2.3.99", "pusher-http-php 2.3.99 can't publish batches: 2.4.0 is"),
        ("Pusher-Library-Name: PusherServer\r\nPusher-Library-Version: 2.1.1", "PusherServer 2.1.1 can't publish"),
        ("X-Pusher-Library: pusher-http-go 1.2", None),
        ("X-Pusher-Library: pusher-http-go 1.10.0", None),
        ("X-Pusher-Library: pusher-http-elixir 0.1", None),
        ("X-Pusher-Library: pusher-http-curl 0.1", None),
        ("X-Other: pusher-http-go 1.0.0", None),
        ("Pusher-Library-Version: 2.1.1", None),
    ],
)
def test_a_version_without_batches_is_seen_in_what_it_sends(header: str, said: str | None) -> None:
    found = without_batches(f"POST /apps/1/events HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n".encode())
    assert str(found or "").startswith(said or "")
    assert (found is None) == (said is None)


def test_no_captured_library_is_too_old() -> None:
    assert not [each for each in CAPTURED if without_batches(head_of(each))]
