"""Names in plans, and options that replace them: what is sent, and one clear line for what would be refused."""

from __future__ import annotations

import tomllib

import pytest

from wiretax.channels.bodies.events import Event
from wiretax.channels.bodies.replay import Replay
from wiretax.channels.workload import Workload
from wiretax.load.plan.naming import renamed
from wiretax.load.plan.plan import Plan, PlanError
from wiretax.load.plan.reading import parse_plan
from wiretax.load.plan.replay import replaying

HEAD = 'schema = 1\nname = "p"\n'
TRIGGER = '[[workload]]\napi = "trigger"\n'
MULTI = '[[workload]]\napi = "multi_trigger"\nchannels = 10\n'


def plan(*tables: str, head: str = HEAD) -> Plan:
    return parse_plan(tomllib.loads(head + "\n".join(tables)))


def test_a_plan_chooses_names_and_lists_of_them_multiply() -> None:
    made = plan(TRIGGER + 'channel = ["orders", "location-{}"]\nevent = "moved"\nspread = [1, 1000]\n').workloads
    assert [(each.names.channel, each.names.event, each.names.spread) for each in made] == [
        ("orders", "moved", 1),
        ("orders", "moved", 1000),
        ("location-{}", "moved", 1),
        ("location-{}", "moved", 1000),
    ]
    assert plan(TRIGGER).workloads == (Workload.of(),)


@pytest.mark.parametrize(
    "channel",
    ["private-orders", "presence-room", "cache-ticker", "private-cache-x", "presence-cache-x", "a=b@c,d.e;f"],
)
def test_a_plan_may_send_to_every_type_of_channel(channel: str) -> None:
    assert plan(TRIGGER + f'channel = "{channel}"\n').workloads[0].names.channel == channel


ALL = "[[workload]] 1: "
ENDPOINTS = "; limits of the endpoint are set in [limits]"
CHARACTERS = "channel name may only hold A-Z a-z 0-9 _ - = @ , . ;"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (TRIGGER + 'channel = "two words"', f"channel = 'two words': {CHARACTERS}{ENDPOINTS}"),
        (TRIGGER + 'channel = ""', f"channel = '': {CHARACTERS}{ENDPOINTS}"),
        (TRIGGER + 'channel = "a{1}"', f"channel = 'a{{1}}': {CHARACTERS}{ENDPOINTS}"),
        (
            TRIGGER + f'channel = "{"c" * 165}"',
            f"channel = '{'c' * 20}...{'c' * 9}': channel name of 165 characters, at most 164{ENDPOINTS}",
        ),
        # The number is part of the name.
        (
            TRIGGER + f'channel = "{"c" * 160}"\nspread = 1000',
            f"channel = '{'c' * 20}...cccc-1000': channel name of 165 characters, at most 164{ENDPOINTS}",
        ),
        (
            MULTI + f'channel = "{"c" * 162}"',
            f"channel = '{'c' * 20}...cccccc-10': channel name of 165 characters, at most 164{ENDPOINTS}",
        ),
        (
            TRIGGER + 'channel = "a-{}-{}"\nspread = 10',
            "channel = 'a-{}-{}', expected {} once at most: it stands for the channel's number",
        ),
        (TRIGGER + 'event = ""', f"event = '': event name of 0 characters, expected 1 to 200{ENDPOINTS}"),
        (
            TRIGGER + f'event = "{"e" * 201}"',
            f"event = '{'e' * 20}...{'e' * 9}': event name of 201 characters, expected 1 to 200{ENDPOINTS}",
        ),
        (TRIGGER + "spread = 0", "spread = 0, expected 1 (the same in each call) to 2,147,483,647 channels"),
        (
            MULTI + "spread = 9",
            "spread = 9, expected 10 or more: each call goes to 10 different channels; raise spread or lower "
            "channels",
        ),
        (
            MULTI.replace("10", "101") + "spread = 1000",
            "channels = 101: 101 channels in one trigger, expected 1 to 100" + ENDPOINTS,
        ),
        (
            MULTI + 'channel = "private-encrypted-room"',
            "channel = 'private-encrypted-room-10': You cannot trigger to multiple channels when using encrypted "
            f"channels{ENDPOINTS}",
        ),
        # The service counts characters, Node's library UTF-16 units.
        (
            TRIGGER + f'event = "{"👍" * 101}"\nclient = "node"',
            "pusher 5.3.4 (client node) sends an event's name of at most 200 UTF-16 code units in a trigger, got "
            "202; shorten it, or name another client",
        ),
    ],
)
def test_names_that_would_be_refused_are_refused_before_anything_is_sent(table: str, message: str) -> None:
    with pytest.raises(PlanError) as refused:
        plan(table)
    assert str(refused.value) == ALL + message


def test_another_server_may_take_longer_names_up_to_those_of_the_library() -> None:
    head = HEAD + "[limits]\nchannel_name = 300\nevent_name = 300\n"
    long = f'event = "{"e" * 250}"\nchannel = "{"c" * 200}"\n'
    assert plan(TRIGGER + long, head=head).limits.event_name == 300
    with pytest.raises(PlanError, match=r"sends an event's name of at most 200 characters in a trigger, got 250"):
        plan(TRIGGER + long + 'client = "python"\n', head=head)
    with pytest.raises(PlanError, match=r"sends a channel's name of at most 200 characters in a batch, got 204"):
        plan(
            '[[workload]]\napi = "batch"\nbatch_size = 2\nclient = "python"\nspread = 100\n'
            f'channel = "{"c" * 200}"\n',
            head=head,
        )


def test_options_replace_the_names_of_a_plan() -> None:
    made = plan(TRIGGER + 'channel = ["a", "b"]\nevent = "moved"\n', MULTI)
    assert renamed(made, {"channel": None, "event": None, "spread": None}) is made
    changed = renamed(made, {"channel": "orders", "event": None, "spread": 20}).workloads
    # Workloads that differed only in names are one.
    assert [(each.call.name, each.names.channel, each.names.event, each.names.spread) for each in changed] == [
        ("trigger", "orders", "moved", 20),
        ("multi_trigger10", "orders", "my-event", 20),
    ]


def test_options_that_would_be_refused_are_refused_with_the_call() -> None:
    with pytest.raises(PlanError, match=r"^p, multi_trigger10: spread = 3, expected 10 or more"):
        renamed(plan(TRIGGER, MULTI), {"spread": 3})


def test_events_of_a_replay_keep_their_names_whatever_the_plan_chooses() -> None:
    names = 'channel = ["orders", "rooms"]\nevent = "moved"\nspread = 100\n'
    mine = Replay("mine", (Event("e", ("c",), "x"), Event("f", ("d",), "y")))
    one, *several = replaying(plan(TRIGGER + names, MULTI + names), mine).workloads
    assert one.name == "trigger-1B-replay-reference"
    sent = mine.sent_by(one)
    assert [next(sent) for _ in range(2)] == [*mine.events]
    # A call to several channels goes to the plan's.
    assert [each.names.channel for each in several] == ["orders", "rooms"]
    assert {each.names.event for each in several} == {"my-event"}
    sent = mine.sent_by(several[0])
    first, second = next(sent), next(sent)
    assert (first.name, second.name) == ("e", "f")
    assert first.channels == tuple(f"orders-{number:03}" for number in range(1, 11))
    assert second.channels == tuple(f"orders-{number:03}" for number in range(11, 21))
