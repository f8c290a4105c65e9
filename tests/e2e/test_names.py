"""``wiretax run`` with names of the user's own: the bytes are those of the names, and all counts agree."""

from __future__ import annotations

from pathlib import Path

from commands import Plan, Run
from saved_runs import assert_agrees, saved

from wiretax.channels.request.sizes import request_sizes
from wiretax.channels.workload import workload_of

PLAN = """\
schema = 1
name = "named"
rounds = 1
slice = "20ms"
users = 2
[[workload]]
api = "trigger"
channel = "private-location-{}"
event = "App\\\\Events\\\\Moved"
spread = [1, 1000]
client = ["reference", "php"]
[[workload]]
api = "batch"
batch_size = 10
channel = "private-location-{}"
event = "App\\\\Events\\\\Moved"
spread = 1000
[[workload]]
api = "multi_trigger"
channels = 100
channel = "presence-room-{}"
spread = [1, 250]
[[workload]]
api = "trigger"
channel = "cache-ticker"
client = "httpx-library"
http = ["1.1", "2"]
tls = true
spread = 50
"""


def test_names_count_toward_the_bytes_in_every_call(run: Run, tmp_path: Path) -> None:
    (tmp_path / "named.toml").write_text(PLAN)
    done = run("run", "named.toml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert r"channel private-location-{}, event App\Events\Moved, over 1,000 channels" in done.stdout
    result = saved(tmp_path)
    assert_agrees(result)
    assert result.failures.empty
    assert len(result.slices) == 9
    assert (result.slices["requests"] > 0).all()
    for row in result.slices.to_dict("records"):
        workload = workload_of(row)
        assert workload.name == row["workload"]
        if workload.transport.http == "1.1":
            assert row["body_bytes"] == row["requests"] * request_sizes(workload).body, workload.name


def test_options_name_what_a_plan_sends(run: Run, plan: Plan, tmp_path: Path) -> None:
    done = run("run", plan(rounds=1), "--channel", "orders", "--event", "order-shipped", "--spread", "20")
    assert done.returncode == 0, done.stdout + done.stderr
    result = saved(tmp_path)
    assert_agrees(result)
    names = result.slices[["channel_name", "event_name", "spread"]].drop_duplicates()
    assert names.values.tolist() == [["orders", "order-shipped", 20]]


def test_names_that_would_be_refused_are_a_usage_error(run: Run, plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_text('{"name": "e", "channel": "c", "data": "x"}\n')
    for given, message in (
        (("--channel", "two words"), "tiny, trigger: channel = 'two words': channel name may only hold"),
        (("--spread", "5"), "tiny, multi_trigger10: spread = 5, expected 10 or more"),
        (("--events", "mine.jsonl", "--channel", "orders"), "those of --events have their own names and channels"),
    ):
        done = run("run", plan(), *given)
        assert done.returncode == 2
        assert message in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "results").exists()
