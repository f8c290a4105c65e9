"""Publishes with pusher-http-python.

``trigger`` and ``batch`` publish the events on standard input (JSON Lines with channel, name and data), one or ten
a call. Without an argument: three triggers to one channel, one trigger to three channels and one batch of ten.
"""

import itertools
import json
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


def trigger_each(client, events):
    for event in events:
        client.trigger(event["channel"], event["name"], event["data"])


def batch_by_ten(client, events):
    while batch := list(itertools.islice(events, 10)):
        client.trigger_batch(batch)


def publish_samples(client):
    for _ in range(3):
        client.trigger(CHANNEL, EVENT, DATA)
    client.trigger([f"{CHANNEL}-{number}" for number in (1, 2, 3)], EVENT, DATA)
    client.trigger_batch([{"channel": CHANNEL, "name": EVENT, "data": DATA} for _ in range(10)])


def main(mode):
    client, events = connect(), map(json.loads, sys.stdin)
    if mode == ["trigger"]:
        trigger_each(client, events)
    elif mode == ["batch"]:
        batch_by_ten(client, events)
    else:
        publish_samples(client)


try:
    main(sys.argv[1:])
except Exception as error:
    sys.exit(f"publish: {error}")
