"""``wiretax observe --deliver -- CMD``: what a user's own publisher sent is counted at a subscriber."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from commands import Run
from raw_server import answer, raw_server
from saved_runs import saved

from wiretax.channels.endpoint import DEMO
from wiretax.channels.limits import Limits
from wiretax.mock.cost import CostModel
from wiretax.mock.faults import Fault, FaultList
from wiretax.mock.process import embedded_mock

CLIENT = """
import os, sys
import pusher
env = os.environ
client = pusher.Pusher(app_id=env["PUSHER_APP_ID"], key=env["PUSHER_KEY"], secret=env["PUSHER_SECRET"],
                       ssl=False, host=env["PUSHER_HOST"], port=int(env["PUSHER_PORT"]),
                       encryption_master_key_base64="ZUhQVldIZzduRkdZVkJzS2pPRkRYV1JyaWJJUjJiMGI=")
"""
EVERY_KIND = """
for number in range(30):
    client.trigger("my-channel", "my-event", {"number": number})
client.trigger(["a", "private-b", "presence-c"], "my-event", {"hello": "world"})
for number in range(3):
    event = {"channel": f"room-{number}", "name": "my-event"}
    client.trigger_batch([{**event, "data": {"of": each}} for each in "abcde"])
for _ in range(2):
    client.trigger("private-encrypted-d", "my-event", {"hello": "world"})
"""
ONE_KIND = """
for _ in range(40):
    client.trigger("my-channel", "my-event", {"hello": "world"})
"""


def observed(folder: Path, body: str) -> list[str]:
    """The arguments after ``observe`` that run a publisher with the official library."""
    script = folder / "publish.py"
    script.write_text(CLIENT + body)
    return ["--deliver", "--", sys.executable, "-W", "ignore", str(script)]


@contextmanager
def faulty(kind: str, after: int) -> Iterator[str]:
    """The URL of a mock whose every request after some has a fault."""
    with embedded_mock(Limits(), CostModel(), faults=FaultList((Fault(kind),), after=after)) as mock:  # type: ignore[arg-type]
        yield f"http://{DEMO.key}:{DEMO.secret}@{mock.host}:{mock.port}/apps/{DEMO.app_id}"


def test_each_event_of_a_real_library_is_counted_on_every_kind_of_channel(run: Run, tmp_path: Path) -> None:
    done = run("observe", *observed(tmp_path, EVERY_KIND))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "mock agree to the byte" in done.stdout
    result = saved(tmp_path)
    delivery = result.delivery
    by_kind = delivery.groupby(["api", "encrypted"])[["sent", "acknowledged", "expected", "delivered"]].sum()
    assert by_kind.loc[("trigger", False)].tolist() == [30, 30, 30, 30]
    assert by_kind.loc[("multi_trigger", False)].tolist() == [1, 1, 3, 3]
    assert by_kind.loc[("batch", False)].tolist() == [15, 15, 15, 15]
    assert by_kind.loc[("trigger", True)].tolist() == [2, 2, 2, 2]
    assert not delivery[["lost", "missed", "duplicated", "foreign", "late", "ambiguous"]].to_numpy().any()
    # Their rows are those of the calls.
    assert set(delivery["workload"]) == set(result.slices["workload"])
    # Several kinds share a connection: their bytes are known in all.
    assert delivery["payload_delivered_bytes"].isna().all()
    totals = result.meta["delivery"]["totals"]
    payload = int(result.slices["payload_total_bytes"].sum())
    three_channels = 2 * len('{"hello": "world"}')
    assert totals["payload"] == payload + three_channels
    assert totals["encryption"] > 0
    layers = ("frame_header", "envelope", "payload", "encryption", "protocol", "control", "handshake")
    assert sum(totals[name] for name in layers) == totals["sent"] + totals["received"]
    assert result.server["delivery"]["messages"] == totals["messages"] == 30 + 3 + 15 + 2
    assert result.meta["delivery"]["differences"] == []
    shown = done.stdout[done.stdout.index("deliveries, sent as") :]
    assert [line.split()[0] for line in shown.splitlines()[1:6]] == [
        "observed",
        "trigger",
        "to",
        "batch",
        "trigger,",
    ]
    assert "subscribers' connections: " in shown


def test_equal_events_are_counted_and_a_single_kind_has_its_bytes(run: Run, tmp_path: Path) -> None:
    done = run("observe", *observed(tmp_path, ONE_KIND))
    assert done.returncode == 0, done.stdout + done.stderr
    [row] = saved(tmp_path).delivery.to_dict("records")
    assert (row["delivered"], row["ambiguous"], row["lost"]) == (40, 40, 0)
    assert row["payload_delivered_bytes"] == 40 * len('{"hello": "world"}')
    assert "40 events have the same channel, name and data as others" in done.stdout
    assert "B/deliv." in done.stdout


@pytest.mark.parametrize(
    ("kind", "column", "words"),
    [
        ("drop", "lost", "30 of 40 deliveries of acknowledged events never came (75.00 %)"),
        ("duplicate", "duplicated", "30 deliveries came again"),
    ],
)
def test_what_a_server_does_to_deliveries_is_named(
    run: Run, tmp_path: Path, kind: str, column: str, words: str
) -> None:
    with faulty(kind, 10) as url:
        done = run("observe", "--upstream", url, *observed(tmp_path, ONE_KIND))
    assert done.returncode == 0, done.stdout + done.stderr
    assert saved(tmp_path).delivery[column].tolist() == [30]
    assert words in done.stdout


def test_a_gate_judges_the_deliveries_of_a_publisher(run: Run, tmp_path: Path) -> None:
    with faulty("drop", 39) as url:
        assert run("observe", "--upstream", url, *observed(tmp_path, ONE_KIND)).returncode == 0
    (tmp_path / "gates.toml").write_text(
        'schema = 1\n[[check]]\nid = "none-lost"\nmetric = "delivery.lost"\nmax = 0\n'
    )
    done = run("gate", "--gates", "gates.toml")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "none-lost" in done.stdout


def test_without_a_subscription_nothing_is_published(run: Run, tmp_path: Path) -> None:
    with raw_server(lambda request, _: answer("404 Not Found", b"not here")) as server:
        done = run("observe", "--upstream", server.url(), *observed(tmp_path, ONE_KIND))
        assert not any(request.startswith(b"POST") for request in server.requests)
    assert done.returncode == 5
    [line] = done.stderr.splitlines()
    assert "the server answered 404" in line
    assert not (tmp_path / "results").exists() or not list((tmp_path / "results").iterdir())


# Sends all its requests at once, the second and third to new channels, and no more: it only reads from then on.
PIPELINED = """
import hashlib, hmac, json, os, socket, time
env = os.environ
out = b""
for number in range(3):
    body = json.dumps({"name": "e", "channels": [f"c{number}"], "data": "x"}).encode()
    path = f"/apps/{env['PUSHER_APP_ID']}/events"
    query = (f"auth_key={env['PUSHER_KEY']}&auth_timestamp={int(time.time())}&auth_version=1.0"
             f"&body_md5={hashlib.md5(body).hexdigest()}")
    signed = f"POST\\n{path}\\n{query}".encode()
    signature = hmac.new(env["PUSHER_SECRET"].encode(), signed, hashlib.sha256).hexdigest()
    out += (f"POST {path}?{query}&auth_signature={signature} HTTP/1.1\\r\\n"
            "Host: x\\r\\nContent-Type: application/json\\r\\n"
            f"Content-Length: {len(body)}\\r\\n\\r\\n").encode() + body
with socket.create_connection((env["PUSHER_HOST"], int(env["PUSHER_PORT"]))) as server:
    server.sendall(out)
    server.shutdown(socket.SHUT_WR)
    read = b""
    while data := server.recv(65536):
        read += data
print("answers:", read.count(b"HTTP/1.1 200"))
"""


def test_requests_that_wait_for_a_subscription_keep_their_order_and_their_end(run: Run, tmp_path: Path) -> None:
    (tmp_path / "raw.py").write_text(PIPELINED)
    done = run("observe", "--deliver", "--", sys.executable, str(tmp_path / "raw.py"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "answers: 3" in done.stdout
    assert "agree to the byte" in done.stdout
    result = saved(tmp_path)
    assert result.delivery["delivered"].tolist() == [3]
    assert result.delivery["out_of_order_publisher"].tolist() == [0]
    assert json.loads((result.folder / "run.json").read_text())["valid"]
