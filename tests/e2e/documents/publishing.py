"""What a user has that the documents name: a plan, events, and a publisher before and after a change."""

from __future__ import annotations

PLAN = """\
schema = 1
name = "my-plan"
rounds = 10
slice = "50ms"
users = 4
[[workload]]
api = "trigger"
[[workload]]
api = "batch"
batch_size = 10
"""
# On the official library, as in examples/publishers.
PUBLISH = """\
import os
import re
import pusher

# The library wants a number; the documents' app ids are placeholders.
pusher.client.app_id_re = re.compile("")
env = os.environ
client = pusher.Pusher(app_id=env["PUSHER_APP_ID"], key=env["PUSHER_KEY"], secret=env["PUSHER_SECRET"],
                       ssl=env["PUSHER_SCHEME"] == "https", host=env["PUSHER_HOST"], port=int(env["PUSHER_PORT"]))
event = {"channel": "my-channel", "name": "my-event", "data": {"hello": "world"}}
for _ in range(10):
    client.trigger(event["channel"], event["name"], event["data"])
client.trigger_batch([event] * 10)
"""
# After a change: a header, and data that is encoded twice.
HEADER = 'client._pusher_client.http.session.headers["traceparent"] = "00-" + "0" * 52\n'
CHANGED = "import json\n" + PUBLISH.replace("event =", f"{HEADER}event =").replace(
    '{"hello": "world"}', 'json.dumps(json.dumps({"hello": "world"}))'
)
EVENT = '{"name": "my-event", "channel": "my-channel", "data": {"hello": "world"}}\\n'
PRODUCER = f"#!/bin/sh\nfor _ in 1 2 3; do printf '{EVENT}'; done\n"
