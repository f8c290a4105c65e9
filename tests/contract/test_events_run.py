"""A free run on events from outside: published to the end, or said what was not; never ignored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from locust_inside import CLASSES, USERS, BatchUser, QueueUser, User, inside

from wiretax.channels.endpoint import DEMO
from wiretax.channels.limits import Limits
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock
from wiretax.terminal import Exit


class Bystander(User):
    """A class of the user's own that has nothing to do with wiretax."""


FAST = ("--rate", "1000000000/s", "--batch-size", "10")


@pytest.fixture(scope="module")
def far() -> Iterator[str]:
    """A mock whose answers take so long that a publisher without events would end the run before they come."""
    with embedded_mock(Limits(), CostModel(rtt=0.2)) as mock:
        yield f"http://{DEMO.key}:{DEMO.secret}@127.0.0.1:{mock.port}/apps/{DEMO.app_id}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(lines: int, bad: str = "") -> str:
    event = {"name": "e", "channel": "c"}
    text = "".join(json.dumps({**event, "data": str(number)}) + "\n" for number in range(lines))
    Path("mine.jsonl").write_text(text + bad)
    return "mine.jsonl"


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
def test_calls_under_way_at_the_end_of_a_file_are_answered(far: str, connection: str) -> None:
    # Four publishers take ten lines each, then one of them the last: the others have nothing to do meanwhile. The
    # linger has them wait for ten where the file is read slowly.
    arguments = ("--events", write(41), *FAST, "--linger", "5s", "--endpoint", far, "--connection", connection)
    with inside(*arguments, classes=[QueueUser]) as locust:
        run = locust.run()
        assert locust.exit_code is None
    assert run.meta["valid"], run.meta["invalid_because"]
    assert run.meta["from_outside"] == {"read": 41, "published": 41, "given_back": 0, "skipped": 0}
    assert run.meta["unpublished"] == {"rejected": {}, "skipped": 0, "left": 0, "unread": 0, "at_end": True}
    assert run.meta["outcome"] == {
        "sent": 5,
        "acknowledged": 5,
        "rejected": 0,
        "failed": 0,
        "unknown": 0,
        "adds_up": True,
    }


@pytest.mark.parametrize("how", ["stop", "quitting"])
def test_a_run_that_ends_before_its_file_says_what_was_left_and_fails(how: str) -> None:
    arguments = ("--events", write(5000), "--rate", "10/s", "--batch-size", "1")
    with inside(*arguments, classes=[QueueUser]) as locust:
        locust.runner.start(2, 50)
        locust.until(lambda: locust.session.run is not None and locust.published)
        if how == "stop":
            locust.runner.stop()
        else:  # Locust decides on its exit code right after this
            locust.environment.events.quitting.fire(environment=locust.environment)
        assert locust.exit_code == Exit.CHECK_FAILED
        run = locust.newest
    assert run.meta["valid"], run.meta["invalid_because"]
    found, published = run.meta["unpublished"], run.meta["from_outside"]["published"]
    assert 0 < published < 5000
    assert published + found["left"] + found["unread"] == 5000
    assert not found["at_end"]
    [said] = [each for each in run.meta["warnings"] if "not published" in each]
    assert said.startswith(f"mine.jsonl: {5000 - published:,} events were not published: ")


@pytest.mark.parametrize(
    ("on_error", "code"), [((), Exit.CHECK_FAILED), (("--on-error", "skip"), None), (("--on-error", "stop"), 5)]
)
def test_an_invalid_line_fails_the_run_unless_it_was_to_be_skipped(on_error: tuple[str, ...], code: int) -> None:
    with inside("--events", write(20, bad="{\n"), *FAST, *on_error, classes=[QueueUser]) as locust:
        run = locust.run()
        assert locust.exit_code == code
    assert run.meta["valid"]
    assert run.meta["from_outside"]["published"] == 20


def test_a_line_that_the_client_library_refuses_is_not_sent_in_its_name() -> None:
    beyond = json.dumps({"name": "e", "channel": "c", "data": "👍" + "x" * 3000}, ensure_ascii=False) + "\n"
    for more, code, published in ((("--client", "python"), Exit.CHECK_FAILED, 20), ((), None, 21)):
        with inside("--events", write(20, beyond), *FAST, *more, classes=[QueueUser]) as locust:
            run = locust.run()
            assert locust.exit_code == code
        assert run.meta["from_outside"]["published"] == run.server["events"] == published  # type: ignore[index]


@pytest.mark.parametrize("classes", [[BatchUser], [QueueUser], CLASSES])
def test_options_beyond_the_limits_of_the_client_library_are_rejected(
    caplog: pytest.LogCaptureFixture, classes: list[type[Any]]
) -> None:
    arguments = ("--client", "dotnet", "--batch-size", "11", "--max-batch-size", "50")
    with pytest.raises(SystemExit) as raised, inside(*arguments, classes=classes):
        raise AssertionError("it should not start")
    assert raised.value.code == Exit.USAGE
    assert "PusherServer 5.0.0 (client dotnet) sends at most 10 events in a batch, got 11" in caplog.text


def test_what_the_server_rejects_fails_the_run_and_ends_with_it() -> None:
    with inside("--events", write(60), *FAST, "--linger", "10s", classes=[QueueUser]) as locust:
        # The mock accepts ten events a call; what the options say is not so. The linger fills each call.
        locust.environment.parsed_options.batch_size = 20  # type: ignore[union-attr]
        locust.environment.parsed_options.max_batch_size = 20  # type: ignore[union-attr]
        locust.session._mocks.of_free_run = lambda *_: targets  # type: ignore[method-assign]
        with embedded_mock(Limits(), CostModel()) as mock:
            from wiretax.wire.connections.target import Target

            targets = [Target(mock)]
            run = locust.run()
        assert locust.exit_code == Exit.INVALID
    assert run.meta["unpublished"]["rejected"] == {"400: 20 events in one batch, expected 1 to 10": 60}


@pytest.mark.parametrize(
    ("classes", "says"),
    [
        ([BatchUser], "--events is published by QueueUser only, and BatchUser would ignore it"),
        (CLASSES, "and BatchUser, MultiTriggerUser, TriggerUser would ignore it; choose QueueUser alone"),
        ([Bystander], "and no QueueUser was chosen"),
    ],
)
@pytest.mark.parametrize("web", [False, True])
def test_events_with_classes_that_ignore_them_are_rejected(
    caplog: pytest.LogCaptureFixture, classes: list[type[Any]], says: str, web: bool
) -> None:
    with pytest.raises(SystemExit) as raised, inside("--events", write(1), classes=classes, web=web):
        raise AssertionError("it should not start")
    assert raised.value.code == Exit.USAGE
    assert says in caplog.text
    assert not Path("results").exists()


def test_in_the_form_too() -> None:
    with inside("--events", write(20), *FAST, web=True, picker=True) as locust:
        for chosen in (["BatchUser"], ["QueueUser", "TriggerUser"], []):
            answer = locust.post("/swarm", **USERS, user_classes=chosen)
            assert not answer["success"]
            assert "--events is published by QueueUser only" in answer["message"]
        answer = locust.post("/swarm", **USERS, user_classes=["QueueUser"], plan="quick")
        assert "--events is published by QueueUser, not by a plan" in answer["message"]
        assert locust.post("/swarm", **USERS, user_classes=["QueueUser"], plan="none")["success"]
        locust.until(lambda: locust.session.saved)
        assert locust.newest.meta["from_outside"]["published"] == 20


def test_a_class_of_the_users_own_that_drains_the_queue_is_welcome() -> None:
    class MyQueueUser(QueueUser):
        pass

    with inside("--events", write(20), *FAST, classes=[MyQueueUser]) as locust:
        assert locust.run().meta["from_outside"]["published"] == 20


def test_events_that_wait_when_a_run_ends_are_among_the_waits(far: str) -> None:
    arguments = ("--rate", "400/s", "--batch-size", "1", "--endpoint", far)
    with inside(*arguments, classes=[QueueUser]) as locust:
        locust.runner.start(2, 50)
        locust.until(lambda: locust.session.run is not None and locust.published)
        locust.runner.stop()
        run = locust.newest
    left = run.queue["left"].iloc[-1]
    assert left > 0
    waits = run.waits[run.waits["kind"] == "total"]
    assert waits["censored"].sum() == left
    assert waits["count"].sum() + left == run.queue["arrived"].sum()
