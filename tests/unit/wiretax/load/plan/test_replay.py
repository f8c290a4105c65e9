"""A user's own events in place of drawn ones: what workloads make of them, byte for byte and in their order."""

from __future__ import annotations

import json
import tomllib
from itertools import islice
from pathlib import Path
from typing import get_args

import pytest

from analysis.gates.measured.metrics import METRICS
from wiretax.channels.bodies.channel_names import channel_names
from wiretax.channels.bodies.events import Event, bodies
from wiretax.channels.bodies.replay import Replay
from wiretax.channels.bodies.weighed import weighed_bodies, weight_of
from wiretax.channels.limits import Limits
from wiretax.channels.profiles import load_profile, profile_names
from wiretax.channels.request.sizes import body_sizes
from wiretax.channels.workload import CHANNEL, EVENT_NAME, Api, Workload
from wiretax.load.plan.plan import PlanError
from wiretax.load.plan.reading import parse_plan
from wiretax.load.plan.replay import read_replay, replaying
from wiretax.queue.sources.jsonl import EventsError, LineError

TEXTS = ["1", '{"a":"Zoë 👍"}', "", "</script>", "x" * 300]
MINE = Replay("mine", tuple(Event(f"e{number}", (f"c{number}",), text) for number, text in enumerate(TEXTS)))

PLAN = """\
schema = 1
name = "p"
[[workload]]
api = "trigger"
payload_bytes = [10, 100]
client = ["reference", "{client}"]
[[workload]]
api = "batch"
batch_size = [5, 10]
payload_bytes = [10, 100]
"""


@pytest.mark.parametrize("api", get_args(Api))
@pytest.mark.parametrize("client", profile_names())
def test_a_body_is_what_a_library_writes_for_any_event(client: str, api: Api) -> None:
    workload = Workload.of(
        api=api,
        client=client,
        batch_size=3 if api == "batch" else 1,
        channels=4 if api == "multi_trigger" else 1,
    )
    usual = tuple(Event(EVENT_NAME, (CHANNEL,), text) for text in TEXTS)
    profile = load_profile(client)
    replayed = weighed_bodies(workload, profile, Replay("usual", usual).sent_by(workload))
    drawn = bodies(workload, profile, TEXTS)
    assert [replayed() for _ in range(11)] == [drawn() for _ in range(11)]


def test_events_keep_their_names_channels_and_order_and_begin_anew_after_the_last() -> None:
    workload = Workload.of(api="batch", batch_size=3)
    next_body = weighed_bodies(workload, load_profile("reference"), MINE.sent_by(workload))
    sent = [item for _ in range(4) for item in json.loads(next_body())["batch"]]
    assert [(item["name"], item["channel"], item["data"]) for item in sent] == [
        (f"e{at % 5}", f"c{at % 5}", TEXTS[at % 5]) for at in range(12)
    ]


def test_a_body_knows_what_it_carries() -> None:
    workload = Workload.of(api="batch", batch_size=2, client="php")
    next_body = weighed_bodies(workload, load_profile("php"), MINE.sent_by(workload))
    sizes = [len(text.encode()) for text in TEXTS]
    assert [weight_of(next_body()).payload for _ in range(3)] == [
        sizes[0] + sizes[1],
        sizes[2] + sizes[3],
        sizes[4] + sizes[0],
    ]


def test_an_event_to_several_channels_is_one_to_each_unless_the_workload_says_how_many() -> None:
    replay = Replay("several", (Event("e", ("a", "b"), "1"), Event("f", ("c",), "2")))
    assert [(each.name, each.channels) for each in islice(replay.sent_by(Workload.of()), 4)] == [
        ("e", ("a",)),
        ("e", ("b",)),
        ("f", ("c",)),
        ("e", ("a",)),
    ]
    many = islice(replay.sent_by(Workload.of(api="multi_trigger", channels=3)), 2)
    assert [(each.name, each.channels) for each in many] == [("e", channel_names(3)), ("f", channel_names(3))]


def test_workloads_of_a_plan_that_differ_in_payload_alone_are_one() -> None:
    plan = replaying(parse_plan(tomllib.loads(PLAN.format(client="python"))), MINE)
    mean = round(sum(len(text.encode()) for text in TEXTS) / len(TEXTS))
    assert [workload.name for workload in plan.workloads] == [
        f"trigger-{mean}B-replay-reference",
        f"trigger-{mean}B-replay-python",
        f"batch5-{mean}B-replay-reference",
        f"batch10-{mean}B-replay-reference",
    ]
    assert plan.as_dict()["replay"] == {
        "name": "mine",
        "events": 5,
        "payload_bytes": {"least": 0, "mean": mean, "most": 300},
    }


def test_what_a_client_would_make_too_large_is_said_before_anything_is_sent() -> None:
    plan = parse_plan(tomllib.loads(PLAN.format(client="php")))
    large = Replay("large", (Event("e", ("c",), "x" * 10_239),))
    with pytest.raises(PlanError, match=r"large, event 1: php encodes .* \(10240 bytes\): 10241"):
        replaying(plan, large)


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (
            Event("e", ("c",), "x" * 2541 + "👍"),
            "event 2: pusher 3.3.4 (client python) sends data of at most 10,240",
        ),
        (
            Event("e", ("c",), "x" * 8000 + "👍"),
            "event 2: pusher 3.3.4 (client python) sends data of at most 30,720",
        ),
        (
            Event("e" * 201, ("c",), "x"),
            "event 2: pusher 3.3.4 (client python) sends an event's name of at most 200",
        ),
    ],
)
def test_what_a_library_refuses_is_said_before_anything_is_sent(event: Event, says: str) -> None:
    batches = PLAN + 'client = ["reference", "{client}"]\n'
    for plan in (PLAN, batches):
        checked = parse_plan(tomllib.loads(plan.format(client="python")))
        events = Replay("mine", (Event("e", ("c",), "x" * 2540 + "👍"), event))
        if "10,240" in says and plan is PLAN:
            # By trigger the library sends it.
            assert replaying(checked, events).replay == events
            continue
        with pytest.raises(PlanError) as caught:
            replaying(checked, events)
        assert f"mine, {says}" in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_file_is_read_whole_and_its_bad_lines_are_skipped_or_end_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text(
        '{"name":"e","channel":"c","data":{"a": 1}}\n{"name":"e"}\n{"name":"f","channel":"c","data":"2"}'
    )
    said: list[str] = []
    replay = read_replay(str(file), Limits(), "skip", said.append)
    assert (replay.name, replay.payload_bytes) == ("mine.jsonl", 4)
    assert list(replay.events) == [Event("e", ("c",), '{"a":1}'), Event("f", ("c",), "2")]
    assert said == [f"{file}, line 2: no data; an event has name, channel (or channels) and data; skipped"]
    assert replay.as_dict()["skipped"] == 1
    with pytest.raises(LineError, match="line 2: no data"):
        read_replay(str(file), Limits(), "stop", print)
    file.write_text("\n\n")
    with pytest.raises(EventsError, match="no event in it"):
        read_replay(str(file), Limits(), "stop", print)


def test_what_surrounds_an_event_is_measured_not_taken_from_the_usual_names() -> None:
    with pytest.raises(KeyError):
        body_sizes(Workload.of(payload_kind="replay"))


def test_bytes_of_a_replay_are_judged_by_rounds_and_calls_exactly() -> None:
    workload = {"http": "1.1", "payload_kind": "replay"}
    assert not METRICS["http.request.size.per_event"].is_exact(workload)
    assert METRICS["requests.per_event"].is_exact(workload)
    assert METRICS["http.request.size.per_event"].is_exact({**workload, "payload_kind": "chat"})


@pytest.mark.parametrize("client", ["node", "php"])
def test_own_events_are_encrypted_for_channels_that_are(client: str) -> None:
    encrypted = parse_plan(tomllib.loads(PLAN.format(client=client) + "encrypted = true\n"))
    with pytest.raises(PlanError, match="mine, event 1: channel 'c0' is not encrypted"):
        replaying(encrypted, MINE)
    secret = Replay(
        "mine", tuple(Event("e", ("private-encrypted-a", "private-encrypted-b"), text) for text in TEXTS)
    )
    plan = replaying(encrypted, secret)
    assert plan.workloads[-1].name.endswith("-replay-encrypted-reference")
    large = Replay("mine", (*secret.events, Event("e", ("private-encrypted-a",), "x" * 7700)))
    with pytest.raises(PlanError, match="mine, event 6: it is encrypted; The data content of this event exceeds"):
        replaying(encrypted, large)


def test_bytes_of_encrypted_events_are_exact_unless_the_library_escapes_base64() -> None:
    workload = {"http": "1.1", "payload_kind": "chat", "encrypted": True}
    for client, exact in {"python": True, "php": False, "unknown": False}.items():
        assert METRICS["http.request.size.per_event"].is_exact({**workload, "client": client}) is exact
        assert METRICS["requests.per_event"].is_exact({**workload, "client": client})
    assert METRICS["http.request.size.per_event"].is_exact({**workload, "client": "php", "encrypted": False})
