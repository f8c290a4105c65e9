"""The web form: each field decides what is sent, and a form that is rejected leaves no trace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from locust_inside import CLASSES, USERS, BatchUser, Inside, LoadTestShape, inside

from wiretax.channels.endpoint import DEMO
from wiretax.channels.limits import Limits
from wiretax.load.plan.reading import load_plan
from wiretax.load.web.form.options import form_options, own_options
from wiretax.mock.certificate import MockTls
from wiretax.mock.cost import CostModel
from wiretax.mock.faults import Fault, FaultList
from wiretax.mock.process import embedded_mock

# For each field a value that is not its default, in forms that go together; ... stands for the test's own server.
FORMS: list[dict[str, Any]] = [
    {
        "payload_bytes": 33,
        "payload_kind": "json",
        "batch_size": 7,
        "channels": 3,
        "channel": "orders-{}",
        "event": "order:shipped",
        "spread": 20,
        "client": "python",
        "connection": "close",
        "rate": "321/s",
        "linger": "7ms",
        "arrivals": "constant",
        "max_batch_size": 12,
        "max_messages": 123_456,
        "tls": True,
    },
    {"endpoint": ..., "ca": ..., "cert": ..., "key": ...},
    {"endpoint": ..., "insecure": True, "sign_prefix": True},
    {"plan": "quick", "rounds": 2, "only": ["*10*", "trigger*"], "skip": ["batch10*"]},
    {"encrypted": True, "yes": True},
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An https endpoint, the file it is verified with, and a client's certificate with its key."""
    folder = tmp_path_factory.mktemp("authority")
    authority, cert, key = (folder / f"{name}.pem" for name in ("ca", "cert", "key"))
    client = trustme.CA().issue_cert("client.test")
    client.cert_chain_pems[0].write_to_path(str(cert))
    client.private_key_pem.write_to_path(str(key))
    with embedded_mock(Limits(), CostModel(), MockTls("ecdsa", authority)) as mock:
        url = f"https://{DEMO.key}:{DEMO.secret}@127.0.0.1:{mock.port}/apps/{DEMO.app_id}"
        yield {"endpoint": url, "ca": str(authority), "cert": str(cert), "key": str(key)}


def as_posted(form: dict[str, Any]) -> dict[str, str]:
    """As a browser posts it; text with blanks around it, as one types it."""
    return {
        name: str(value).lower()
        if isinstance(value, bool)
        else f" {value} "
        if name == "rate"
        else ", ".join(value)
        if isinstance(value, list)
        else str(value)
        for name, value in form.items()
    }


def sweep_quickly(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Make the plan of the form one round of short slices, with these changes."""
    plan = replace(load_plan("quick"), rounds=1, slice_s=0.02, **changes)
    monkeypatch.setattr("wiretax.load.drivers.locustfiles.locust_setup.load_plan", lambda *_: plan)


def state(locust: Inside) -> dict[str, Any]:
    """All that a rejected form could have changed."""
    environment = locust.environment
    return {
        "options": dict(vars(environment.parsed_options)),
        "environment": (environment.host, list(environment.user_classes), environment.shape_class),
        "session": (locust.session.ready, locust.session.run, locust.session.is_running),
        "runs": sorted(Path("results").glob("*")),
    }


def test_each_field_of_the_form_has_a_test_value_that_is_not_its_default() -> None:
    fields = form_options()
    assert {name for form in FORMS for name in form} == set(fields)
    for form in FORMS:
        for name, value in form.items():
            assert value != fields[name].default, name


def test_the_form_shows_the_fields_that_are_checked() -> None:
    with inside(web=True) as locust:
        web_ui: Any = locust.environment.web_ui
        assert set(web_ui.template_args["extra_options"]) == set(form_options())
        assert {"gates", "events", "redis"} <= set(own_options()) - set(form_options())


def test_each_field_is_in_the_run_it_started(server: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    sweep_quickly(monkeypatch)
    runs = []
    for form in FORMS:
        asked = {name: server[name] if value is ... else value for name, value in form.items()}
        # A trigger to several channels can't be encrypted.
        with inside(web=True, classes=[BatchUser] if "encrypted" in asked else CLASSES) as locust:
            locust.start(**as_posted(asked))
            run = locust.stop()
            shown = locust.environment.web_ui.app.test_client().get("/").get_data(as_text=True)  # type: ignore[union-attr]
        options = dict(run.meta["options"])
        for name, value in asked.items():
            if name == "endpoint":  # without key and secret
                assert DEMO.secret not in str(run.meta) + shown
                assert options[name] == value.replace(f"{DEMO.key}:{DEMO.secret}@", "")
            elif name != "yes":  # nothing was sent to another machine
                assert options[name] == value, name
        runs.append(run)
    # And what was sent is what was asked for.
    assert (runs[-1].slices["encryption_bytes"] > 0).all()
    sent = runs[0].queued.iloc[0]
    assert (sent["rate"], sent["linger_s"], sent["arrivals"]) == (321, 0.007, "constant")
    assert (sent["batch_size"], sent["payload_bytes"], sent["payload_kind"]) == (7, 33, "json")
    assert (sent["client"], sent["connection"], bool(sent["tls"])) == ("python", "close", True)
    names = runs[0].slices[["channel_name", "event_name", "spread"]].drop_duplicates()
    assert names.values.tolist() == [["orders-{}", "order:shipped", 20]]
    assert set(runs[0].slices.loc[runs[0].slices["api"] == "multi_trigger", "channels"]) == {3}
    assert runs[0].meta["budget"]["max_messages"] == 123_456
    assert any("--insecure" in each for each in runs[2].meta["warnings"])
    swept = runs[3].meta["plan"]
    assert swept["name"] == "quick"
    assert 0 < runs[3].slices["round"].nunique() <= 2
    assert set(runs[3].slices["api"]) | set(runs[3].slices["batch_size"]) == {"trigger", 1}


# A form, the beginning of what it is told, and the field that is marked.
REJECTED: list[tuple[dict[str, Any], str, str]] = [
    ({"payload_bytes": "0"}, "Payload: 0; allowed: 9 to 10,240 bytes for data of kind chat", "payload_bytes"),
    ({"payload_bytes": "-1", "payload_kind": "ascii"}, "Payload: -1; allowed: 1 to 10,240", "payload_bytes"),
    ({"payload_bytes": "10241"}, "Payload: 10,241; allowed: 9 to 10,240", "payload_bytes"),
    ({"payload_bytes": ""}, "Payload: empty; allowed: a whole number, 9 to 10,240", "payload_bytes"),
    ({"payload_bytes": "١٢"}, "Payload: '١٢'; allowed: a whole number", "payload_bytes"),
    ({"channels": "101"}, "Channels per call: 101; allowed: 1 to 100", "channels"),
    ({"channels": "0", "payload_bytes": "x"}, "Payload: 'x'; allowed: a whole number", "payload_bytes"),
    ({"batch_size": "11"}, "Events per call: 11; allowed: 1 to 10 (“Largest batch accepted”)", "batch_size"),
    ({"batch_size": "9" * 18, "max_batch_size": "9" * 18}, "Largest batch accepted: ", "max_batch_size"),
    ({"max_batch_size": "100001"}, "Largest batch accepted: 100,001; allowed: 1 to 100,000", "max_batch_size"),
    ({"endpoint": "https://k:s@192.0.2.1/apps/1"}, "Endpoint: https://192.0.2.1/apps/1 is not on this", "yes"),
    (
        {"endpoint": "https://k:s@192.0.2.1/apps/1", "max_messages": "77"},
        "Endpoint: https://192.0.2.1/apps/1 is not on this machine; check “Consent to send to another machine” to "
        "send up to 77 messages there (“Message limit”)",
        "yes",
    ),
    ({"host": "http://192.0.2.1"}, "Host: http://192.0.2.1/apps/123456 is not on this machine", "yes"),
    ({"endpoint": "http://k@h/apps/1"}, "Endpoint: it lacks the key or the secret; write it as", "endpoint"),
    ({"host": "box"}, "Host: its scheme is 'box', expected http or https; write it as http://127.0.0.1", "host"),
    ({"rate": "fast"}, "Arrival rate: 'fast' is not a rate; write it like 500/s", "rate"),
    ({"rate": ""}, "Arrival rate: '' is not a rate", "rate"),
    ({"rate": "5/h"}, "Arrival rate: '5/h'; allowed: 10/s or more", "rate"),
    ({"linger": "-3ms"}, "Longest wait of a batch: '-3ms' is not a duration; write it like", "linger"),
    ({"linger": "1h"}, "Longest wait of a batch: '1h'; allowed: 0s to 10s", "linger"),
    (
        {"arrivals": "constnt"},
        "Arrival pattern: 'constnt'; allowed: constant, poisson, burst (did you",
        "arrivals",
    ),
    ({"batch_size": "2.5"}, "Events per call: '2.5'; allowed: a whole number, 1 to 10", "batch_size"),
    ({"tls": "on"}, "Start the mock with TLS: 'on'; allowed: true or false", "tls"),
    ({"max_messages": "-1"}, "Message limit: -1; allowed: 0 to 1,000,000,000,000", "max_messages"),
    (
        {"ca": "nowhere.pem", "endpoint": "https://k:s@127.0.0.1:1/apps/1"},
        "“Certificate authorities” nowhere.pem: can't be read",
        "ca",
    ),
    ({"insecure": "true"}, "“Certificate authorities” and “Disable TLS verification” go with an https://", "ca"),
    ({"endpoint": "http://k:s@127.0.0.1:1/apps/1"}, "Endpoint: nothing listens at http://127.0.0.1:1", "endpoint"),
    ({"plan": "capacity"}, "Plan: plan capacity has [capacity], which is not swept: wiretax run capacity", "plan"),
    ({"plan": "quik"}, "Plan: 'quik'; allowed: none, capacity, ci", "plan"),
    ({"plan": "quick", "user_count": "0"}, "Number of users: 0; allowed: 1 or more with a plan", "user_count"),
    ({"plan": "quick", "rounds": "0"}, "Rounds: 0; allowed: 1 to 10,000", "rounds"),
    ({"plan": "quick", "rounds": "few"}, "Rounds: 'few'; allowed: a whole number, 1 to 10,000", "rounds"),
    ({"plan": "quick", "only": "btach*"}, "“Only these workloads” btach*: no workload of plan quick", "only"),
    ({"plan": "quick", "skip": "*"}, "“Without these workloads” *: no workload of plan quick is left", "skip"),
    ({"rounds": "3"}, "“Rounds” changes a plan, and none was chosen", "rounds"),
    ({"yes": "perhaps"}, "Consent to send to another machine: 'perhaps'; allowed: true or false", "yes"),
    ({"user_count": "999999"}, "Number of users: a process may have ", "user_count"),
    # Options that Locust would let anybody set who can reach the page.
    ({"events": "/etc/passwd"}, "events can't be set in the form; start the web UI with --events", ""),
    ({"redis": ""}, "redis can't be set in the form", ""),
    ({"gates": "gates.toml"}, "gates can't be set in the form", ""),
    ({"web_name": "elsewhere.example"}, "'web_name' is not a field of the form", ""),
    ({"html_file": "page.html"}, "'html_file' is not a field of the form", ""),
    ({"headless": "true"}, "'headless' is not a field of the form", ""),
    ({"nonsense": "1"}, "'nonsense' is not a field of the form", ""),
    ({"x" * 1_000: "1"}, "'xxx", ""),
    (
        {"user_classes": ["BatchUser", "Nobody"]},
        "User classes: 'Nobody'; allowed: BatchUser, MultiTrigger",
        "user_classes",
    ),
    ({"shape_class": "Wave"}, "Load shape: 'Wave'; allowed: Default", "shape_class"),
    # What the client library would not send.
    (
        {"client": "python", "payload_bytes": "5000", "user_classes": ["BatchUser"]},
        "Payload: 5000 (chat): pusher 3.3.4 (client python) sends data of at most 10,240 bytes",
        "payload_bytes",
    ),
    (
        {"client": "dotnet", "batch_size": "11", "max_batch_size": "50", "user_classes": ["QueueUser"]},
        "Events per call: PusherServer 5.0.0 (client dotnet) sends at most 10 events in a batch, got 11; lower “",
        "batch_size",
    ),
    ({"channel": "two words"}, "Channel name: 'two words': channel name may only hold", "channel"),
    (
        {"channel": "private-encrypted-a", "user_classes": ["TriggerUser"]},
        "Channel name: 'private-encrypted-a': client reference encrypts what is sent to it; check “Encrypt events",
        "channel",
    ),
    ({"event": ""}, "Event name: '': event name of 0 characters; allowed: 1 to 200", "event"),
    ({"spread": "0"}, "Channels in turn: 0; allowed: 1 to 2,147,483,647", "spread"),
    (
        {"spread": "5", "channels": "6", "user_classes": ["MultiTriggerUser"]},
        "Channels in turn: 5; allowed: 6 or more: each call goes to 6 different channels; raise “Channels",
        "spread",
    ),
    # What Locust itself would reject after it has taken some fields, or take for something else.
    ({"batch_size": "3", "user_count": "x"}, "Number of users: 'x'; allowed: a whole number", "user_count"),
    ({"batch_size": "3", "spawn_rate": "0"}, "Users started: 0; allowed: a number above 0", "spawn_rate"),
    ({"batch_size": "3", "spawn_rate": "nan"}, "Users started: 'nan'; allowed: a number above 0", "spawn_rate"),
    ({"batch_size": "3", "user_count": "-1"}, "Number of users: -1; allowed: a whole number", "user_count"),
    ({"batch_size": "3", "user_count": ""}, "Number of users: empty; allowed: a whole number", "user_count"),
    ({"batch_size": "3", "run_time": "soon"}, "Run time: 'soon'; allowed: 20, 90s, 3m, 2h or 1h30m", "run_time"),
    ({"batch_size": "3", "run_time": "0"}, "Run time: 0; allowed: 20, 90s", "run_time"),
]


def test_a_rejected_form_leaves_no_trace() -> None:
    with inside(web=True, picker=True) as locust:
        locust.start(batch_size="4", rate="100/s")
        locust.stop()
        before = state(locust)
        for form, says, field in REJECTED:
            answer = locust.post("/swarm", **{**USERS, **form})
            assert not answer["success"], form
            assert answer["message"].startswith(says), form
            assert answer["field"] == field, form
            assert state(locust) == before, form
        locust.start(linger="9ms")
        assert locust.stop().meta["valid"]


def test_a_test_begins_with_the_options_of_the_command_line_whatever_was_posted_before(tmp_path: Path) -> None:
    with embedded_mock(Limits(), CostModel()) as mock, inside("--rate", "100/s", web=True, picker=True) as locust:
        endpoint = f"http://{DEMO.key}:{DEMO.secret}@127.0.0.1:{mock.port}/apps/{DEMO.app_id}"
        locust.start(batch_size="4", rate="200/s", endpoint=endpoint, max_messages="99999", profile="before")
        first = locust.stop().meta
        assert first["endpoint"].startswith(f"http://127.0.0.1:{mock.port}/")
        locust.start(linger="9ms")
        second = locust.stop().meta
        assert locust.environment.profile is None
    assert [second["options"][name] for name in ("batch_size", "rate", "linger")] == [10, "100/s", "9ms"]
    assert second["options"]["max_messages"] == 0
    assert second["options"]["endpoint"] != first["options"]["endpoint"]
    assert second["valid"], second["invalid_because"]


def test_a_secret_in_the_host_field_is_refused_and_shown_nowhere(server: dict[str, str]) -> None:
    secret = "http://key:S3CRET@127.0.0.1:1"
    with inside("--endpoint", server["endpoint"], "--ca", server["ca"], web=True) as locust:
        visitor = locust.visitor()
        for form in (USERS, {**USERS, "user_count": "x"}, {**USERS, "run_time": "soon"}):
            answer = visitor.post("/swarm", data={**form, "host": secret})
            assert "give the endpoint with “Endpoint”" in answer.get_json()["message"]
            assert b"S3CRET" not in answer.get_data()
        locust.start()
        answer = visitor.post("/swarm", data={**USERS, "host": secret})
        assert not answer.get_json()["success"]
        assert b"S3CRET" not in answer.get_data()
        for path in (
            "/",
            "/stats/report",
            "/stats/report?download=1",
            "/stats/requests",
            "/logs",
            "/wiretax/figures",
        ):
            shown = visitor.get(path)
            assert "S3CRET" not in shown.get_data(as_text=True) + str(shown.headers), path
        assert "S3CRET" not in str(locust.stop().meta)


def test_a_secret_in_the_host_option_is_refused_whatever_the_endpoint_is(
    server: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    for more in ([], ["--endpoint", server["endpoint"], "--ca", server["ca"]]):
        with (
            pytest.raises(SystemExit) as ended,
            inside("--host", "http://key:S3CRET@127.0.0.1:1", *more, web=True),
        ):
            pass
        assert ended.value.code == 2
    assert caplog.text.count("give the endpoint with --endpoint") == 2
    assert "S3CRET" not in caplog.text


def test_nothing_is_sent_for_a_form_that_locust_rejects() -> None:
    with inside(web=True) as locust:
        sent = []
        locust.session.prepare = lambda *_, **__: sent.append("a request")  # type: ignore[method-assign]
        for wrong in ({"user_count": "x"}, {"spawn_rate": "inf"}, {"run_time": "soon"}):
            assert not locust.post("/swarm", **{**USERS, **wrong})["success"]
        assert sent == []


def test_a_form_that_fails_inside_locust_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    with inside(web=True) as locust:
        before = state(locust)

        def fail(*_: object) -> None:
            locust.environment.host = "changed"
            raise RuntimeError("a bug")

        monkeypatch.setattr(locust.environment.web_ui, "_cancel_run_time_timer", fail)
        answer = locust.visitor().post("/swarm", data={**USERS, "batch_size": "3"})
        assert answer.status_code == 500
        assert state(locust) == before


def test_options_of_a_running_test_can_not_change_and_its_users_can() -> None:
    with inside(web=True, classes=[BatchUser]) as locust:
        locust.start(batch_size="4", endpoint="")
        before = state(locust)
        for form, name in (({"batch_size": "5"}, "batch_size"), ({"host": "http://127.0.0.1:1"}, "host")):
            answer = locust.post("/swarm", **USERS, **form)
            assert answer["message"].endswith(f"({name}) can't change while a test runs; stop the test first")
            assert state(locust) == before
        same = {"batch_size": "4", "host": "", "endpoint": "", "tls": "false"}
        assert locust.post("/swarm", user_count="6", spawn_rate="50", **same)["success"]
        locust.until(lambda: locust.runner.user_count == 6)
        meta = locust.stop().meta
        assert meta["options"]["batch_size"] == 4
        assert [each["users"] for each in meta["plan"]["stages"]] == [4, 6]


class OneStage(LoadTestShape):
    """Two users, until the test is stopped."""

    def tick(self) -> tuple[int, float]:
        return 2, 50.0


def test_a_form_of_a_shape_has_no_users_and_is_checked_all_the_same() -> None:
    with inside(web=True, classes=[BatchUser], shape=OneStage()) as locust:
        OneStage.runner = locust.runner
        before = state(locust)
        answer = locust.post("/swarm", batch_size="99")
        assert "Events per call: 99; allowed: 1 to 10" in answer["message"]
        assert state(locust) == before
        answer = locust.post("/swarm", batch_size="4")
        assert answer["success"], answer
        locust.until(lambda: locust.session.run is not None and locust.published)
        run = locust.stop()
    assert run.meta["valid"], run.meta["invalid_because"]
    assert [each["users"] for each in run.meta["plan"]["stages"]] == [2]
    assert set(run.slices["batch_size"]) == {4}


def test_a_library_limits_only_the_users_that_are_chosen() -> None:
    with inside("--client", "python", "--payload-bytes", "5000", web=True, picker=True) as locust:
        assert locust.post("/swarm", **USERS, user_classes=["TriggerUser"])["success"]
        locust.until(lambda: locust.session.is_running and locust.session.run is not None)
        locust.environment.available_user_classes = {"BatchUser": BatchUser}
        answer = locust.post("/swarm", **USERS, user_classes=["BatchUser"])
        assert not answer["success"]
        assert "sends data of at most 10,240 bytes of memory" in answer["message"]
        assert set(locust.stop().slices["api"]) <= {"trigger"}


def test_a_swept_plan_injects_its_faults_into_each_run(monkeypatch: pytest.MonkeyPatch) -> None:
    faults = FaultList((Fault("slow", 0.2, 0.001),))
    sweep_quickly(monkeypatch, faults=faults)
    with inside(web=True) as locust:
        for _ in range(2):
            locust.start(plan="quick")
            run = locust.stop()
            assert run.meta["faults"] == [fault.as_dict() for fault in faults.faults]
            assert run.server is not None
            assert run.server["faults"]["slow"]
            assert not run.meta["skipped"]
