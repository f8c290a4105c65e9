"""The master's port is tried once, before workers are forked, and not when Locust's master has it."""

from __future__ import annotations

from argparse import ArgumentParser

import locust_unpatched  # noqa: F401
import pytest
from locust.event import Events

import wiretax.load.cluster.resilience.before_forking as before_forking


def parser(events: Events) -> ArgumentParser:
    """As Locust makes one each time that it needs the options."""
    made = ArgumentParser()
    made.add_argument("--processes", type=int)
    made.add_argument("--worker", action="store_true")
    made.set_defaults(master_bind_host="*", master_bind_port=5557)
    events.init_command_line_parser.fire(parser=made)  # type: ignore[no-untyped-call]
    return made


@pytest.mark.parametrize(
    ("line", "tried"),
    [
        (["locust", "--processes", "2"], [("*", 5557)]),
        (["locust", "--processes", "2", "--worker"], []),
        (["locust"], []),
    ],
)
def test_the_port_is_tried_once_however_often_the_command_line_is_read(
    monkeypatch: pytest.MonkeyPatch, line: list[str], tried: list[tuple[str, int]]
) -> None:
    events, ports = Events(), []
    monkeypatch.setattr(before_forking, "events", events)
    monkeypatch.setattr(before_forking, "try_port", lambda *port: ports.append(port))
    monkeypatch.setattr("sys.argv", line)
    before_forking.check_port_before_forking()
    # For defaults, before and after.
    parser(events).parse_args([])
    assert ports == []
    parser(events).parse_args()
    # For the web UI's pages.
    parser(events).parse_args()
    parser(events).parse_args([])
    assert ports == tried
