"""Three triggers to one channel, one trigger to three channels and one batch of ten, with pusher-http-python."""

import os
import sys

import pusher

CHANNEL, EVENT, DATA = "my-channel", "my-event", {"hello": "world"}


def setting(name):
    value = os.environ.get(name)
    if not value:
        sys.exit(f"publish: {name} is not set")
    return value


def connect():
    return pusher.Pusher(
        ssl=setting("PUSHER_SCHEME") == "https",
        host=setting("PUSHER_HOST"),
        port=int(setting("PUSHER_PORT")),
        app_id=setting("PUSHER_APP_ID"),
        key=setting("PUSHER_KEY"),
        secret=setting("PUSHER_SECRET"),
    )


def publish(client):
    for _ in range(3):
        client.trigger(CHANNEL, EVENT, DATA)
    client.trigger([f"{CHANNEL}-{number}" for number in (1, 2, 3)], EVENT, DATA)
    client.trigger_batch([{"channel": CHANNEL, "name": EVENT, "data": DATA} for _ in range(10)])


try:
    publish(connect())
except Exception as error:
    sys.exit(f"publish: {error}")
