"""The calls that publish nothing, told by their paths."""

from __future__ import annotations

import pytest

from wiretax.channels.request.calls import OTHER_CALLS, describe_request, find_call


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/apps/1/channels", "channels"),
        ("/apps/1/channels/channels", "channels/X"),
        ("/apps/1/channels/%23server-to-user-1", "channels/X"),
        ("/apps/1/channels/presence-c/users", "channels/X/users"),
        ("/apps/1/users/u/terminate_connections", "users/X/terminate_connections"),
        ("/apps/1/events", None),
        ("/apps/1/channels/", None),
        ("/apps/1/channels/a/b", None),
        ("/apps//channels", None),
        ("/users/u/terminate_connections", None),
        ("", None),
    ],
)
def test_a_path_is_that_of_one_call_or_none(path: str, name: str | None) -> None:
    found = find_call(path)
    assert (found and found[0].name) == name
    for prefix in ("", "/ws", "/apps/2/x"):
        assert describe_request("PUT", f"{prefix}{path}?auth_key=k") == f"PUT {name or 'another path'}"


def test_each_call_has_its_own_path() -> None:
    paths = {call: f"/apps/1/{call.name}" for call in OTHER_CALLS}
    assert {call: found[0] for call, path in paths.items() if (found := find_call(path))} == {
        call: call for call in OTHER_CALLS
    }
