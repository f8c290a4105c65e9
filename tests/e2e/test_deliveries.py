"""``wiretax run`` with subscribers: every delivery is counted, and what goes wrong with one is named."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from commands import environment
from saved_runs import assert_agrees, saved
from warm import run_warm

from wiretax.runs.reader import Run

PLAN = """
schema = 1
name = "delivered"
rounds = 2
slice = "100ms"
users = 2
[delivery]
grace = "{grace}"
own_process = {own}
{fault}
[[workload]]
api = "trigger"
subscribers = {subscribers}
[[workload]]
api = "batch"
batch_size = 5
subscribers = {subscribers}
"""


def measured(folder: Path, *options: str, fault: str = "", grace: str = "10s", **plan: object) -> tuple[Run, str]:
    filled = {"own": "true", "subscribers": 2, **plan}
    (folder / "delivered.toml").write_text(PLAN.format(fault=fault, grace=grace, **filled))
    done = run_warm("wiretax", "run", "delivered.toml", *options, cwd=folder, env=environment())
    assert done.returncode == 0, done.stderr + done.stdout
    return saved(folder), done.stdout


def injected(kind: str, share: float = 0.3, more: str = "") -> str:
    return f'[[mock.fault]]\nkind = "{kind}"\nshare = {share}\n{more}'


def assert_each_counted_once(delivery: pd.DataFrame) -> None:
    assert (delivery["sent"] == delivery[["acknowledged", "rejected", "failed", "unknown"]].sum(axis=1)).all()
    assert (delivery["expected"] == delivery[["delivered", "lost", "missed"]].sum(axis=1)).all()
    assert (delivery["acknowledged"] > 0).all()


@pytest.mark.parametrize("own", ["true", "false"])
def test_without_faults_all_that_was_acknowledged_is_delivered(tmp_path: Path, own: str) -> None:
    run, shown = measured(tmp_path, own=own, subscribers="[0, 2]")
    assert_agrees(run)
    delivery = run.delivery
    assert_each_counted_once(delivery)
    assert len(delivery) == 4
    assert (delivery["delivered"] == 2 * delivery["acknowledged"]).all()
    wrong = [
        "lost",
        "missed",
        "duplicated",
        "out_of_order_publisher",
        "late",
        "foreign",
        "ambiguous",
        "reconnections",
    ]
    assert not delivery[wrong].to_numpy().any()
    # The stamps are part of the payload: an event costs the same with and without subscribers.
    per_event = run.slices.groupby("workload")[["body_bytes", "events"]].sum()
    bytes_ = (per_event["body_bytes"] / per_event["events"]).round(6)
    assert bytes_.nunique() == 2
    assert run.meta["delivery"]["differences"] == []
    assert "lost" in shown
    assert (delivery["payload_delivered_bytes"] == 100 * delivery["delivered"]).all()
    layers = ["frame_header_bytes", "envelope_bytes", "payload_delivered_bytes", "protocol_bytes", "control_bytes"]
    assert (delivery[layers].sum(axis=1) == delivery[["ws_sent_bytes", "ws_received_bytes"]].sum(axis=1)).all()
    times = run.delays.sums("total")
    assert {name: counts.sum() for name, (_, _, counts, _) in times.items()} == dict(
        delivery.groupby("workload")["delivered"].sum()
    )


def test_lost_deliveries(tmp_path: Path) -> None:
    run, shown = measured(tmp_path, fault=injected("drop"), grace="200ms")
    assert_each_counted_once(run.delivery)
    assert run.delivery["lost"].sum() > 0
    assert not run.delivery[["missed", "duplicated", "late"]].to_numpy().any()
    assert "deliveries of acknowledged events never came" in shown
    # They count with the time that was waited for them.
    censored = {name: int(each[3].sum()) for name, each in run.delays.sums("total").items()}
    assert censored == dict(run.delivery.groupby("workload")["lost"].sum())


def test_deliveries_that_come_twice(tmp_path: Path) -> None:
    run, shown = measured(tmp_path, fault=injected("duplicate"), grace="200ms")
    assert_each_counted_once(run.delivery)
    assert run.delivery["duplicated"].sum() > 0
    assert not run.delivery[["lost", "missed"]].to_numpy().any()
    assert "came again" in shown


def test_deliveries_out_of_order(tmp_path: Path) -> None:
    run, _ = measured(tmp_path, fault=injected("reorder"))
    assert_each_counted_once(run.delivery)
    assert run.delivery["out_of_order_channel"].sum() > 0
    assert not run.delivery[["lost", "missed", "duplicated"]].to_numpy().any()


def test_a_single_publisher_whose_events_are_reordered(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(
        PLAN.format(fault=injected("reorder"), grace="10s", own="true", subscribers=1).replace(
            "users = 2", "users = 1"
        )
    )
    done = run_warm("wiretax", "run", "one.toml", cwd=tmp_path, env=environment())
    assert done.returncode == 0, done.stderr + done.stdout
    assert saved(tmp_path).delivery["out_of_order_publisher"].sum() > 0
    assert "came after a later one of their publisher" in done.stdout


def test_deliveries_that_are_late(tmp_path: Path) -> None:
    run, _ = measured(tmp_path, fault=injected("delay-delivery", 0.05, 'delay = "300ms"'))
    assert_each_counted_once(run.delivery)
    assert not run.delivery[["lost", "missed", "duplicated"]].to_numpy().any()
    lows = [lows[counts > 0].max() for lows, _, counts, _ in run.delays.sums("total").values()]
    assert max(lows) >= 0.29


def test_a_subscriber_that_is_disconnected_misses_what_is_sent_meanwhile(tmp_path: Path) -> None:
    run, shown = measured(tmp_path, fault=injected("disconnect-subscriber", 0.01), grace="500ms", subscribers=1)
    assert_each_counted_once(run.delivery)
    assert run.delivery["reconnections"].sum() > 0
    assert run.delivery["missed"].sum() > 0
    assert not run.delivery["lost"].any()
    assert "while a subscriber was not connected" in shown


def test_own_events_are_recognised_by_their_content(tmp_path: Path) -> None:
    events = [{"channel": f"c{number % 3}", "name": "said", "data": f"event {number}"} for number in range(50)]
    (tmp_path / "own.jsonl").write_text("".join(json.dumps(each) + "\n" for each in events))
    run, shown = measured(tmp_path, "--events", "own.jsonl", subscribers=1)
    assert_each_counted_once(run.delivery)
    assert (run.delivery["delivered"] == run.delivery["acknowledged"]).all()
    assert not run.delivery[["lost", "duplicated", "foreign"]].to_numpy().any()
    # Fifty events again and again can't be told apart.
    assert run.delivery["ambiguous"].sum() > 0
    assert "have the same channel, name and data as others" in shown


def test_an_option_counts_the_deliveries_of_any_plan(tmp_path: Path) -> None:
    text = PLAN.format(fault="", grace="10s", own="true", subscribers=0)
    (tmp_path / "plain.toml").write_text(text.split("[delivery]")[0] + text[text.index("[[workload]]") :])
    done = run_warm("wiretax", "run", "plain.toml", "--deliver", cwd=tmp_path, env=environment())
    assert done.returncode == 0, done.stderr + done.stdout
    delivery = saved(tmp_path).delivery
    assert_each_counted_once(delivery)
    assert set(delivery["subscribers"]) == {1}


@pytest.mark.parametrize(
    ("change", "options", "says"),
    [
        (("subscribers = 2", "subscribers = 5000"), (), "subscribers = 5,000, expected 1,000 at most"),
        (("subscribers = 2", "subscribers = 2\npayload_bytes = 20"), (), "needs 32 payload_bytes of kind chat"),
        (("", ""), ("--processes", "2"), "run the plan without workers"),
        (('grace = "10s"', 'grace = "0s"'), (), "grace"),
    ],
)
def test_what_cannot_be_counted_is_refused_in_a_line(
    tmp_path: Path, change: tuple[str, str], options: tuple[str, ...], says: str
) -> None:
    text = PLAN.format(fault="", grace="10s", own="true", subscribers=2).replace(*change)
    (tmp_path / "refused.toml").write_text(text)
    done = run_warm("wiretax", "run", "refused.toml", *options, cwd=tmp_path, env=environment())
    assert done.returncode == 2, done.stdout
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


SEVERAL = """
schema = 1
name = "delivered"
rounds = 2
slice = "60ms"
users = 1
[[workload]]
api = "trigger"
payload_bytes = [60, 200]
subscribers = 1
[[workload]]
api = "multi_trigger"
channels = 3
subscribers = 2
"""


def test_events_to_several_channels_and_of_several_sizes_have_rows_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "delivered.toml").write_text(SEVERAL)
    done = run_warm("wiretax", "run", "delivered.toml", cwd=tmp_path, env=environment())
    assert done.returncode == 0, done.stderr + done.stdout
    delivery = saved(tmp_path).delivery
    many = delivery[delivery["api"] == "multi_trigger"]
    assert (many["delivered"] == 6 * many["acknowledged"]).all()
    for title in ("60 B chat, reference", "200 B chat, reference", "100 B chat, reference"):
        assert f"as fast as it goes, {title}" in done.stdout
    assert "  to 3 channels" in done.stdout
