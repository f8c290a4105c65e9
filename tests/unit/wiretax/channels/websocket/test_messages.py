"""The messages of the protocol."""

import orjson
import pytest

from wiretax.channels.bodies.events import Event
from wiretax.channels.websocket.messages import (
    ESTABLISHED,
    MessageError,
    delivery,
    error,
    established,
    parse,
    path,
    ping,
    pong,
    subscribe,
    subscription_error,
    succeeded,
    unsubscribe,
)


def test_data_is_encoded_twice():
    message = parse(established("12.34", 120))
    assert (message.event, message.channel) == (ESTABLISHED, "")
    assert message.document() == {"socket_id": "12.34", "activity_timeout": 120}


def test_data_that_is_a_document():
    message = parse(error("gone", 4100))
    assert message.document() == {"message": "gone", "code": 4100}
    assert message.is_reserved


def test_an_event_comes_back_as_it_was_published():
    event = Event("said", ("a", "b"), '{"text":"Zoë \\"x\\""}')
    message = parse(delivery(event, "b"))
    assert message == ("said", "b", event.data)
    assert not message.is_reserved


def test_what_a_client_sends():
    assert orjson.loads(subscribe("c")) == {"event": "pusher:subscribe", "data": {"channel": "c"}}
    presence = orjson.loads(subscribe("presence-c", "k:s", "{}"))
    assert presence["data"] == {"channel": "presence-c", "auth": "k:s", "channel_data": "{}"}
    assert orjson.loads(unsubscribe("c"))["data"] == {"channel": "c"}
    assert [parse(each()).event for each in (ping, pong)] == ["pusher:ping", "pusher:pong"]
    assert path("KEY", "/ws", "3") == "/ws/app/KEY?protocol=7&client=wiretax&version=3"


def test_answers_to_a_subscription():
    assert parse(succeeded("c")) == ("pusher_internal:subscription_succeeded", "c", "{}")
    refused = parse(subscription_error("private-c", "no"))
    assert refused.document() == {"type": "AuthError", "error": "no", "status": 401}


@pytest.mark.parametrize("text", [b"", b"[]", b'{"data":1}', b'{"event":1}', b'{"event":"x","channel":1}'])
def test_what_is_no_message(text):
    with pytest.raises(MessageError, match="expected"):
        parse(text)


def test_data_that_is_missing_or_no_document():
    assert parse(b'{"event":"x"}').document() == {}
    assert parse(b'{"event":"x","data":"[1]"}').document() == {}
