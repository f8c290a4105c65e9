"""Plans: what they expand to, and one clear line for each that can't be run."""

from __future__ import annotations

import tomllib
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from wiretax.channels.profiles import load_profile, profile_names
from wiretax.channels.workload import Workload
from wiretax.load.plan.plan import PlanError
from wiretax.load.plan.reading import load_plan, parse_plan, plan_names
from wiretax.load.sweep.rounds import WARM_UP, round_order

HEAD = 'schema = 1\nname = "p"\n'
TRIGGER = '[[workload]]\napi = "trigger"\n'


def plan(text: str) -> tuple[Workload, ...]:
    return parse_plan(tomllib.loads(text)).workloads


def test_an_absurd_number_of_workloads_is_refused_before_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = ", ".join(map(str, range(10, 1010)))
    table = f'[[workload]]\napi = "batch"\nbatch_size = [{sizes}]\npayload_bytes = [{sizes}]\n'
    monkeypatch.setattr("wiretax.load.plan.reading.expand", None)
    with pytest.raises(PlanError, match=r"^2,000,000 workloads, expected 10,000 at most: lists of a \[\[workload"):
        parse_plan(tomllib.loads(HEAD + table + table))


def test_lists_multiply() -> None:
    workloads = plan(HEAD + '[[workload]]\napi = "batch"\nbatch_size = [2, 10]\npayload_bytes = [10, 100]\n')
    assert [(each.call.batch_size, each.payload.bytes) for each in workloads] == [
        (2, 10),
        (2, 100),
        (10, 10),
        (10, 100),
    ]


def test_a_workload_takes_its_clients_connection_habit_unless_told() -> None:
    kept, closed = plan(HEAD + TRIGGER + 'client = "python"\nconnection = ["keep-alive", "close"]\n')
    assert (kept.transport.connection, closed.transport.connection) == ("keep-alive", "close")
    assert closed.name == "trigger-100B-chat-python-close"
    assert plan(HEAD + TRIGGER)[0].transport.connection == "keep-alive"


def test_a_dedicated_cluster_takes_larger_batches() -> None:
    text = HEAD + "[limits]\nbatch_size = 50\n" + '[[workload]]\napi = "batch"\nbatch_size = 50\n'
    assert plan(text)[0].call.batch_size == 50


@pytest.mark.parametrize("name", plan_names())
def test_plans_that_come_along_can_be_run(name: str) -> None:
    assert load_plan(name).name == name


def test_the_headline_covers_what_it_promises() -> None:
    workloads = load_plan("headline").workloads
    assert {each.payload.bytes for each in workloads} == {10, 100, 1000, 10000}
    assert {each.call.batch_size for each in workloads} == {1, 2, 5, 10, 20, 50, 100}
    assert {each.call.channels for each in workloads} == {1, 10, 100}
    assert {each.transport.client for each in workloads} == {"reference", "python"}


def test_clients_sends_every_librarys_trigger_and_batch_as_the_library_would() -> None:
    workloads = load_plan("clients").workloads
    for api in ("trigger", "batch"):
        assert {each.transport.client for each in workloads if each.call.api == api} == set(profile_names())
    assert all(each.transport.connection == load_profile(each.transport.client).connection for each in workloads)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEAD, "missing key workload"),
        ('schema = 1\n[[workload]]\napi = "trigger"\n', "missing key name"),
        ("schema = 2\nname = 'p'\n" + TRIGGER, "schema = 2, expected 1"),
        ('schema = 1\nname = "../p"\n' + TRIGGER, "name = '../p'"),
        (HEAD + "workload = []\n", "no [[workload]]"),
        (HEAD + "workload = 3\n", "workload: expected array"),
        (HEAD + "round = 3\n" + TRIGGER, "unknown key 'round' in the plan"),
        (HEAD + "round = 3\n" + TRIGGER, "did you mean rounds?"),
        (HEAD + "seed = 18446744073709551616\n" + TRIGGER, "seed = 18446744073709551616, expected -9223"),
        (HEAD + "rounds = 0\n" + TRIGGER, "rounds = 0, expected 1 to"),
        (HEAD + 'rounds = "many"\n' + TRIGGER, "rounds: expected int, got str"),
        (HEAD + "users = 0\n" + TRIGGER, "users = 0"),
        (HEAD + 'slice = "5"\n' + TRIGGER, "slice: '5' is not a duration"),
        (HEAD + 'slice = "1ms"\n' + TRIGGER, "slice = '1ms', expected"),
        (HEAD + "[mock]\nrt = '1ms'\n" + TRIGGER, "unknown key 'rt' in [mock]"),
        (HEAD + "[mock]\nrtt = 'soon'\n" + TRIGGER, "mock.rtt: 'soon'"),
        (HEAD + "[mock]\nservers = 0\n" + TRIGGER, "mock.servers = 0"),
        (HEAD + "[labels]\nteam = 3\n" + TRIGGER, "[labels] team: expected a text in quotes"),
        (HEAD + '[labels]\n"a b" = "x"\n' + TRIGGER, "[labels]: label 'a b': expected a key of 1 to 64"),
        (HEAD + '[labels]\napi-token = "x"\n' + TRIGGER, "[labels]: label api-token: its name says"),
        (HEAD + "[limits]\nbatch = 5\n" + TRIGGER, "unknown key 'batch' in [limits]"),
        (HEAD + "[limits]\nbatch_size = 0\n" + TRIGGER, "limits.batch_size = 0"),
        (HEAD + '[[workload]]\napi = "triger"\n', "did you mean trigger?"),
        (HEAD + "[[workload]]\npayload_bytes = 10\n", "[[workload]] 1: missing key api"),
        (HEAD + TRIGGER + "payload_byte = 10\n", "did you mean payload_bytes?"),
        (HEAD + TRIGGER + "payload_bytes = 10241\n", "payload_bytes = 10241, expected 9"),
        (HEAD + TRIGGER + "payload_bytes = 8\n", "the smallest 'chat' document"),
        (HEAD + TRIGGER + 'payload_bytes = 10240\nclient = "php"\n', "php encodes a string a second time"),
        (HEAD + TRIGGER + "payload_bytes = []\n", "payload_bytes is an empty list"),
        (HEAD + TRIGGER + 'payload_kind = "chart"\n', "did you mean chat?"),
        (HEAD + TRIGGER + 'client = "pyton"\n', "did you mean python?"),
        (HEAD + TRIGGER + 'connection = "open"\n', "connection"),
        (HEAD + TRIGGER + "batch_size = 2\n", 'batch_size goes with api = "batch"'),
        (HEAD + TRIGGER + "channels = 2\n", 'channels goes with api = "multi_trigger"'),
        (HEAD + '[[workload]]\napi = "batch"\n', "needs batch_size"),
        (HEAD + '[[workload]]\napi = "multi_trigger"\n', "needs channels"),
        (HEAD + '[[workload]]\napi = "batch"\nbatch_size = 11\n', "11 events in one batch, expected 1 to 10"),
        (HEAD + '[[workload]]\napi = "batch"\nbatch_size = 11\n', "set in [limits]"),
        (HEAD + '[[workload]]\napi = "multi_trigger"\nchannels = 101\n', "101 channels in one trigger"),
        (HEAD + TRIGGER + TRIGGER, "is in the plan twice"),
        (
            HEAD + TRIGGER + 'payload_bytes = 10000\nclient = ["reference", "python"]\n',
            "[[workload]] 1: payload_bytes = 10000 (chat): pusher 3.3.4 (client python) sends data of at most",
        ),
        (
            HEAD
            + '[[workload]]\napi = "batch"\nbatch_size = 2\npayload_bytes = 3000\nclient = "python-tornado"\n',
            "pusher 3.3.4 (client python-tornado) sends data of at most 10,240 bytes of memory",
        ),
        (
            HEAD
            + "[limits]\nbatch_size = 50\n"
            + '[[workload]]\napi = "batch"\nbatch_size = [10, 11]\nclient = "dotnet"\n',
            "batch_size: PusherServer 5.0.0 (client dotnet) sends at most 10 events in a batch, got 11",
        ),
        (
            HEAD
            + "[limits]\nchannels = 200\n"
            + '[[workload]]\napi = "multi_trigger"\nchannels = 101\nclient = "php"\n',
            "channels: pusher-php-server 7.2.6 (client php) sends an event to at most 100 channels, got 101",
        ),
        (
            HEAD
            + '[[workload]]\napi = "batch"\nbatch_size = 2\nrate = "50/s"\n'
            + 'payload_bytes = 3000\nclient = "python"\n',
            "lower payload_bytes to 2545, or name another client",
        ),
    ],
)
def test_what_cannot_be_run_is_said_in_one_line(text: str, says: str) -> None:
    with pytest.raises(PlanError) as caught:
        plan(text)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_plan_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"ci, clients, .*headline, .*quick.*did you mean headline"):
        load_plan("headlin")
    broken = tmp_path / "broken.toml"
    broken.write_text("schema = \n")
    with pytest.raises(PlanError, match=r"broken\.toml: can't be read as TOML"):
        load_plan(str(broken))
    broken.write_bytes(b"\xff\xfe")
    with pytest.raises(PlanError, match=r"broken\.toml: can't be read as TOML"):
        load_plan(str(broken))


def test_each_round_has_all_workloads_in_an_order_of_its_own_and_the_seed_says_which() -> None:
    workloads = load_plan("headline").workloads
    orders = [round_order(workloads, 1, number) for number in range(5)]
    assert all(sorted(order) == sorted(workloads) for order in orders)
    assert len({tuple(order) for order in orders}) == 5
    for order in orders:
        # Those that are compared with each other follow each other.
        families = [family for family, _ in groupby(order, key=lambda workload: workload.comparison_key)]
        assert len(families) == len(set(families))
    assert len({order[0] for order in orders}) > 1
    assert round_order(workloads, 1, 3) == orders[3]
    assert round_order(workloads, 2, 3) != orders[3]
    assert tuple(round_order(workloads, 1, WARM_UP)) == workloads


def test_tls_follows_the_endpoint_unless_a_plan_says_otherwise() -> None:
    document = tomllib.loads(HEAD + TRIGGER)
    assert [parse_plan(document, https).workloads[0].transport.tls for https in (None, False, True)] == [
        False,
        False,
        True,
    ]
    assert parse_plan(document, True).workloads[0].name == "trigger-100B-chat-reference-tls"
    both = tomllib.loads(HEAD + TRIGGER + "tls = [false, true]\n")
    assert parse_plan(both).tls == [False, True]
    for https, said in (
        (False, "tls = true, the endpoint is http://"),
        (True, "tls = false, the endpoint is https://"),
    ):
        with pytest.raises(PlanError, match=said):
            parse_plan(both, https)


def test_calls_share_a_connection_as_a_plan_says() -> None:
    kept, shared = plan(HEAD + TRIGGER + "calls_per_connection = [0, 5]\n")
    assert (kept.transport.max_calls, shared.transport.max_calls) == (0, 5)
    assert shared.name == "trigger-100B-chat-reference-5calls"
    assert plan(HEAD + TRIGGER + 'connection = "close"\n')[0].transport.max_calls == 1
    for wrong in ("calls_per_connection = -1\n", 'connection = "close"\ncalls_per_connection = 5\n'):
        with pytest.raises(PlanError, match="calls_per_connection = "):
            plan(HEAD + TRIGGER + wrong)


def test_a_mock_closes_after_each_answer_if_a_plan_says_so() -> None:
    plan_of = {"schema": 1, "name": "closing", "workload": [{"api": "trigger"}]}
    assert parse_plan(plan_of).keep_alive
    assert "keep_alive" not in parse_plan(plan_of).as_dict()
    closing = parse_plan({**plan_of, "mock": {"keep_alive": False}})
    assert not closing.keep_alive
    assert closing.as_dict()["keep_alive"] is False
    coded = {"api": "trigger", "client": "httpx-library", "http": "2", "tls": True}
    with pytest.raises(PlanError, match=r"keep_alive = false: the mock then speaks HTTP/1.1 only; leave trigger-"):
        parse_plan({**plan_of, "mock": {"keep_alive": False}, "workload": [coded]})


def test_the_mocks_certificate_is_one_of_two_kinds() -> None:
    document = tomllib.loads(HEAD + '[mock]\ncertificate = "ecdsa"\n' + TRIGGER)
    assert parse_plan(document).certificate == "ecdsa"
    with pytest.raises(PlanError, match="certificate"):
        parse_plan(tomllib.loads(HEAD + '[mock]\ncertificate = "dsa"\n' + TRIGGER))


def test_http_2_is_the_librarys_and_goes_with_tls() -> None:
    workload = {"api": "trigger", "client": "httpx-library", "http": ["1.1", "2"], "tls": True}
    plan = parse_plan({"schema": 1, "name": "both", "workload": [workload]})
    assert [(each.transport.http, each.transport.tls, each.transport.connection) for each in plan.workloads] == [
        ("1.1", True, "keep-alive"),
        ("2", True, "keep-alive"),
    ]
    assert (
        len({each.comparison_key for each in plan.workloads})
        == len({each.connection_key for each in plan.workloads})
        == 2
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"http": "3", "client": "httpx-library", "tls": True}, r"http = '3', expected one of 1\.1, 2$"),
        ({"http": "2", "tls": True}, r"goes with client = \"httpx-library\", not with 'reference'"),
        ({"client": "httpx-library"}, r"goes with tls = true"),
        ({"client": "httpx-librry"}, r"did you mean httpx-library"),
        ({"http": []}, r"http is an empty list"),
    ],
)
def test_what_http_a_client_does_not_speak_is_said(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(PlanError, match=said):
        parse_plan({"schema": 1, "name": "odd", "workload": [{"api": "trigger", **changes}]})
