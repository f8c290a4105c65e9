"""``wiretax run``: the table, the files, and what is said when something is wrong."""

from __future__ import annotations

import json
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import Plan, Run, command, environment, free_port, run_until
from raw_server import OK, answer, raw_server
from saved_runs import saved
from warm import start_warm

from analysis.measures.event_bytes import bytes_per_event
from wiretax.channels.endpoint import DEMO
from wiretax.channels.limits import Limits
from wiretax.mock.certificate import MockTls
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock
from wiretax.runs.reader import find_run, read_run

GATES = """\
schema = 1
[[check]]
id = "bytes"
metric = "http.request.size.per_event"
max = 10_000
"""
PARTS = ["payload", "envelope", "auth_query", "request_line", "headers", "response_head", "response_body"]


@pytest.fixture
def mock_url() -> Iterator[str]:
    with embedded_mock(Limits(), CostModel()) as mock:
        yield f"http://{DEMO.key}:{DEMO.secret}@127.0.0.1:{mock.port}/apps/{DEMO.app_id}"


def test_a_run_prints_the_table_and_leaves_a_valid_run(run: Run, plan: Plan, tmp_path: Path) -> None:
    done = run("run", plan(slice="50ms"))
    assert done.returncode == 0, done.stderr
    result = saved(tmp_path)
    assert "batch of 10" in done.stdout
    assert "agree to the byte" in done.stdout
    assert str(result.folder.relative_to(tmp_path)) in done.stdout
    assert "tiny: round 2 of 0-2" in done.stderr
    assert {file.name for file in result.folder.iterdir()} == {
        "run.json",
        "slices.parquet",
        "latency.parquet",
        "failures.parquet",
        "server.json",
    }
    assert result.meta["valid"]
    assert not result.meta["interrupted"]
    assert len(result.slices) == 3 * 4
    assert (result.slices["requests"] > 0).all()
    assert result.failures.empty


def test_every_byte_is_in_a_row_or_set_aside(run: Run, plan: Plan, tmp_path: Path) -> None:
    assert run("run", plan()).returncode == 0
    result = saved(tmp_path)
    rows, aside = result.slices, result.meta["parts"]["aside"]
    parts = ["request_line_bytes", "auth_query_bytes", "header_bytes", "body_bytes"]
    in_rows = int(rows[[*parts, "boundary_sent_bytes"]].sum().sum())
    assert in_rows + sum(aside[part] for part in parts) == result.server["request_bytes"]
    answers = ["response_head_bytes", "response_body_bytes"]
    in_rows = int(rows[[*answers, "boundary_received_bytes"]].sum().sum())
    assert in_rows + sum(aside[part] for part in answers) == result.server["response_bytes"]
    if sys.platform == "linux":
        # The kernel saw the same, slice by slice.
        assert (rows["tcp_sent_bytes"] == rows[[*parts, "boundary_sent_bytes"]].sum(axis=1)).all()
        assert (rows["tcp_received_bytes"] == rows[[*answers, "boundary_received_bytes"]].sum(axis=1)).all()
        assert (rows["segments_out"] >= rows["requests"]).all()
        kernel = result.meta["reconcile"]["kernel"]
        assert kernel == {name: result.server[name] for name in ("request_bytes", "response_bytes")}
    requests = int(rows[["requests", "boundary_requests"]].sum().sum()) + aside["requests"]
    assert requests == result.server["requests"]
    events = int(rows[["events", "boundary_events"]].sum().sum()) + aside["events"]
    assert events == result.server["events"]


def test_a_connection_a_call_is_counted_to_the_byte_too(run: Run, tmp_path: Path) -> None:
    (tmp_path / "close.toml").write_text(
        'schema = 1\nname = "close"\nrounds = 2\nslice = "50ms"\nusers = 4\n'
        '[[workload]]\napi = "trigger"\nconnection = ["keep-alive", "close"]\n'
    )
    done = run("run", "close.toml")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = saved(tmp_path).slices.groupby("connection")[["requests", "boundary_requests", "connections"]].sum()
    assert rows.at["close", "connections"] == rows.loc["close", ["requests", "boundary_requests"]].sum()
    assert rows.at["keep-alive", "connections"] <= 8


def test_a_plan_may_hold_workloads_with_tls_and_without(run: Run, tmp_path: Path) -> None:
    (tmp_path / "tls.toml").write_text(
        'schema = 1\nname = "tls"\nrounds = 2\nslice = "50ms"\nusers = 4\n[mock]\ncertificate = "ecdsa"\n'
        '[[workload]]\napi = "trigger"\ntls = [false, true]\ncalls_per_connection = [0, 3]\n'
    )
    done = run("run", "tls.toml")
    assert done.returncode == 0, done.stdout + done.stderr
    result = saved(tmp_path)
    assert result.meta["reconcile"]["tls"]["request_bytes"] > 0
    assert "trigger, TLS, 3 calls" in done.stdout
    rows = result.slices.groupby("tls")[["tls_sent_bytes", "tls_handshake_sent_bytes"]].sum()
    assert rows.loc[False].tolist() == [0, 0]
    assert (rows.loc[True] > 0).all()
    cost = bytes_per_event(result.slices)
    three = cost.loc["trigger-100B-chat-reference-3calls-tls"]
    # One record each way a call; the rest is what a connection costs.
    assert three["tls"] + three["response_tls"] - three["handshake"] == pytest.approx(44)
    if sys.platform == "linux":
        assert "a connection costs" in done.stdout


def test_an_endpoint_with_tls_is_verified_unless_told_otherwise(run: Run, plan: Plan, tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    with embedded_mock(Limits(), CostModel(), MockTls("rsa", authority)) as mock:
        url = f"https://{DEMO.key}:{DEMO.secret}@127.0.0.1:{mock.port}/apps/{DEMO.app_id}"
        refused = run("run", plan(rounds=1), "--endpoint", url)
        assert refused.returncode == 5
        assert "can't be trusted" in refused.stderr
        assert "--ca FILE" in refused.stderr
        assert refused.stderr.count("\n") == 1
        trusted = run("run", plan(rounds=1), "--endpoint", url, "--ca", str(authority))
        assert trusted.returncode == 0, trusted.stderr
        assert "--insecure" not in trusted.stdout
        assert saved(tmp_path).slices["tls"].all()
        blind = run("run", plan(rounds=1), "--endpoint", url, "--insecure")
        assert blind.returncode == 0, blind.stderr
        assert "warning  --insecure" in blind.stdout
        assert DEMO.secret not in refused.stderr + trusted.stdout + blind.stdout


def test_bytes_are_the_same_in_every_run(run: Run, plan: Plan, tmp_path: Path) -> None:
    costs = []
    for _ in range(2):
        assert run("run", plan(rounds=1)).returncode == 0
        # HTTP's; how many bare acknowledgements the kernels send is theirs.
        costs.append(bytes_per_event(saved(tmp_path).slices)[[*PARTS, "head_per_request"]])
    assert costs[0].equals(costs[1])
    # The head of the official Python library's trigger to 127.0.0.1, with the ids it was captured with.
    assert costs[0].at["trigger-10B-chat-python", "head_per_request"] == 456


def test_a_slow_endpoint_gets_slices_of_twenty_round_trips(run: Run, plan: Plan, tmp_path: Path) -> None:
    assert run("run", plan(rounds=1, rtt="20ms")).returncode == 0
    result = saved(tmp_path)
    # Half a millisecond of patience for the timer; more can't be missing.
    assert (result.slices["duration_s"] >= 20 * 0.020 - 0.0005).all()
    # Its four users spend it in calls: twenty each, or fewer that a busy machine has stretched.
    calls = result.latency
    spent_s = (calls["count"] * calls["bucket_high_s"]).groupby(calls["workload"]).sum()
    assert (spent_s >= 15 / 20 * 4 * result.slices.groupby("workload")["duration_s"].sum()).all()
    assert result.meta["mock"]["rtt_s"] == pytest.approx(0.02)
    assert result.latency["bucket_high_s"].min() >= 0.02


def test_an_endpoint_of_ones_own_is_measured_and_its_secret_is_nowhere(
    run: Run, plan: Plan, tmp_path: Path, mock_url: str
) -> None:
    for arguments, env in (([], {"PUSHER_URL": mock_url}), (["--endpoint", mock_url], {})):
        done = run("run", plan(rounds=1), *arguments, **env)
        assert done.returncode == 0, done.stderr
        assert DEMO.secret not in done.stdout + done.stderr
    result = saved(tmp_path)
    assert result.meta["mock"] is None
    assert result.meta["reconcile"]["server"]["requests"] == result.server["requests"]
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or DEMO.secret.encode() not in file.read_bytes()


@pytest.mark.parametrize(
    "numbers",
    [[signal.SIGINT] * 3, [signal.SIGTERM], [signal.SIGHUP, signal.SIGINT, signal.SIGTERM]],
    ids=lambda each: "-".join(number.name for number in each),
)
def test_a_run_that_is_stopped_keeps_what_it_measured(
    plan: Plan, tmp_path: Path, numbers: list[signal.Signals]
) -> None:
    # One of them is started from the command line.
    process = run_until("round 2 of", plan(rounds=1000), cwd=tmp_path, real=numbers[0] == signal.SIGINT)
    for number in numbers:
        process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "interrupted" in out
    assert "Traceback" not in out + err
    result = saved(tmp_path)
    assert result.meta["interrupted"]
    assert result.meta["valid"]
    assert 2 <= result.meta["rounds_measured"] < 1000
    assert result.meta["reconcile"]["agrees"]


def test_signals_while_a_run_is_written_are_ignored(plan: Plan, tmp_path: Path) -> None:
    process = run_until("round 2 of", plan(rounds=1000), cwd=tmp_path)
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    folder = next((tmp_path / "results").iterdir())
    while process.poll() is None and not (folder / "run.json").exists():
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "saved in" in out
    assert saved(tmp_path).meta["interrupted"]


def test_a_run_whose_output_nobody_reads_is_saved(plan: Plan, tmp_path: Path) -> None:
    shell = f"{shlex.join(command('run', plan()))} 2>/dev/full >&-"
    done = subprocess.run(["sh", "-c", shell], cwd=tmp_path, env=environment(), timeout=60)
    assert done.returncode == 0
    assert saved(tmp_path).meta["valid"]


@pytest.mark.parametrize("body", ['{"error":"x","code":99999999999}', '{"error":"x","code":true}'])
def test_odd_codes_in_answers_do_not_cost_the_run(run: Run, plan: Plan, tmp_path: Path, body: str) -> None:
    with raw_server(lambda _, number: answer("200 OK", body.encode()) if number % 50 == 40 else OK) as server:
        done = run("run", plan(rounds=1), "--endpoint", server.url())
    assert done.returncode == 0, done.stderr
    assert list(zip(saved(tmp_path).failures["status"], saved(tmp_path).failures["message"], strict=True)).count(
        (200, "x")
    )


def test_a_run_whose_folder_can_not_be_written_is_saved_elsewhere(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "gates.toml").write_text(GATES)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    gates = ["--gates", "gates.toml", "--max-rounds", "3"]
    process = run_until("warm-up", plan(), *gates, cwd=tmp_path, TMPDIR=str(elsewhere))
    shutil.rmtree(tmp_path / "results")
    (tmp_path / "results").write_text("a file")
    out, err = process.communicate(timeout=30)
    assert process.returncode == 5, err
    assert "agree to the byte" in out
    assert "can't be saved in results/" in err
    (folder,) = elsewhere.glob("wiretax-*/*")
    assert f"it is saved in {folder}" in err
    assert read_run(folder).meta["valid"]
    assert (folder / "gate.json").exists()


def test_an_endpoint_that_dies_is_failures_by_kind_and_an_invalid_run(plan: Plan, tmp_path: Path) -> None:
    port = free_port()
    mock = start_warm("wiretax", "mock", "--port", str(port), cwd=tmp_path, env=environment())
    assert mock.stdout is not None
    assert "listening" in mock.stdout.readline()
    url = f"http://{DEMO.key}:{DEMO.secret}@127.0.0.1:{port}/apps/{DEMO.app_id}"
    process = run_until("round 1 of", plan(rounds=1000), "--endpoint", url, cwd=tmp_path)
    mock.kill()
    mock.communicate(timeout=30)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 5, err
    assert "no event was acknowledged in 3 slices" in out
    result = saved(tmp_path)
    assert not result.meta["valid"]
    kinds = set(result.failures["kind"])
    assert "connect" in kinds
    assert kinds <= {"connect", "lost"}


def test_a_server_that_never_answers_is_said_before_anything_is_written(
    run: Run, plan: Plan, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        done = run("run", plan(timeout="200ms"), "--endpoint", f"http://k:hidden@127.0.0.1:{port}/apps/1")
    assert done.returncode == 5
    assert "did not answer (no answer within 0.2 s)" in done.stderr
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["run", "nosuch"], 2, "no plan 'nosuch'"),
        (["run", "headlin"], 2, "did you mean headline?"),
        (["run", "--endpoint", "http://127.0.0.1/apps/1"], 2, "lacks the key or the secret"),
        (["run", "--ca", "{file}"], 2, "go with an https:// --endpoint"),
        (["run", "--endpoint", "http://k:hidden@127.0.0.1/apps/1", "--insecure"], 2, "go with https://"),
        (
            ["run", "--endpoint", "https://k:hidden@127.0.0.1/apps/1", "--ca", "{file}"],
            2,
            "not certificates in PEM",
        ),
        (["run", "--endpoint", "https://k:hidden@127.0.0.1/apps/1", "--ca", "none"], 2, "can't be read"),
        (["run", "--endpoint", "https://k:hidden@127.0.0.1:{free}/apps/1"], 5, "nothing listens at"),
        (["run", "--endpoint", "http://k:hidden@192.0.2.1/apps/1"], 2, "add --yes if you mean it"),
        (["run", "--endpoint", "http://k:hidden@127.0.0.1:{free}/apps/1"], 5, "nothing listens at"),
        (["run", "--endpoint", "{wrong}"], 5, "does not accept these credentials (401: Invalid signature)"),
        (["run", "--results", "{file}"], 2, "can't be written"),
        (["run", "--results", "/proc/none"], 2, "can't be written"),
    ],
)
def test_what_is_wrong_is_one_line_and_leaves_nothing_behind(
    run: Run, tmp_path: Path, mock_url: str, arguments: list[str], code: int, says: str
) -> None:
    (tmp_path / "file").write_text("")
    places = {"free": free_port(), "file": tmp_path / "file", "wrong": mock_url.replace(DEMO.secret, "hidden")}
    done = run(*(argument.format(**places) for argument in arguments))
    assert done.returncode == code
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert "hidden" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_newest_run_is_described_by_its_json(run: Run, plan: Plan, tmp_path: Path) -> None:
    assert run("run", plan(rounds=1)).returncode == 0
    meta = json.loads((find_run(tmp_path / "results") / "run.json").read_text())
    assert {
        "schema",
        "wiretax",
        "started",
        "finished",
        "plan",
        "endpoint",
        "mock",
        "environment",
        "workers",
        "warnings",
        "valid",
        "reconcile",
    } <= set(meta)
    assert {"python", "locust", "kernel", "cpu_model", "cores"} <= set(meta["environment"])


def test_nothing_is_sent_in_the_name_of_a_library_that_refuses_it(run: Run, plan: Plan, tmp_path: Path) -> None:
    large = {"name": "mine", "channel": "c", "data": "👍" + "x" * 8000}
    (tmp_path / "mine.jsonl").write_text(json.dumps(large))
    (tmp_path / "large.toml").write_text(
        Path(plan()).read_text().replace("payload_bytes = 10", "payload_bytes = 9000", 1)
    )
    for arguments, says in (
        (
            ["large.toml"],
            "[[workload]] 1: payload_bytes = 9000 (chat): pusher 3.3.4 (client python) sends data of at",
        ),
        ([plan(), "--events", "mine.jsonl"], "mine.jsonl, event 1: pusher 3.3.4 (client python) sends data of at"),
    ):
        done = run("run", *arguments)
        assert done.returncode == 2
        assert says in done.stderr
        assert done.stderr.count("\n") == 1
        assert not (tmp_path / "results").exists()


def test_a_users_own_events_go_through_every_workload_of_a_plan(run: Run, plan: Plan, tmp_path: Path) -> None:
    texts = ["a", "Zoë " * 10, '{"b":"' + "x" * 500 + '"}']
    lines = [json.dumps({"name": "mine", "channel": "c", "data": text}) for text in texts]
    (tmp_path / "mine.jsonl").write_text("\n".join([*lines, "{"]))
    stopped = run("run", plan(), "--events", "mine.jsonl")
    assert stopped.returncode == 2
    assert "mine.jsonl, line 4: not JSON" in stopped.stderr
    assert not (tmp_path / "results").exists()
    done = run("run", plan(), "--events", "mine.jsonl", "--on-error", "skip")
    assert done.returncode == 0, done.stderr
    assert "line 4: not JSON" in done.stderr
    assert "replay  mine.jsonl: 3 events of 1 to 508 B, 186 B on average" in done.stdout
    result = saved(tmp_path)
    assert set(result.slices["payload_kind"]) == {"replay"}
    assert set(result.slices["payload_bytes"]) == {186}
    assert result.meta["reconcile"]["agrees"]
    total = result.slices.groupby("workload").sum(numeric_only=True)
    # Whole passes weigh the mean; a slice ends within one.
    assert (total["payload_total_bytes"] / total["events"]).tolist() == pytest.approx([186] * len(total), rel=0.2)
    assert (bytes_per_event(result.slices)["envelope"] > 0).all()


def test_a_part_of_a_plan_is_measured_without_progress(run: Run, plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "gates.toml").write_text(GATES)
    chosen = ("--only", "batch*", "--only", "multi*", "--skip", "multi*")
    done = run("run", plan(), *chosen, "--rounds", "2", "--users", "3", "--quiet", "--gates", "gates.toml")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    result = saved(tmp_path)
    assert set(result.slices["workload"]) == {"batch10-10B-chat-reference"}
    assert (result.meta["plan"]["rounds"], result.meta["plan"]["users"]) == (2, 3)
    assert (result.slices["users"] == 3).all()
    assert "left out 3 of 4 workloads  by --only 'batch*' --only 'multi*' --skip 'multi*'" in done.stdout
    assert "skipped  bytes, 3 workloads: left out by --only" in done.stdout
    assert "1 passed, 3 skipped" in done.stdout
    again = run("gate")
    assert (again.returncode, "1 passed, 3 skipped" in again.stdout) == (0, True)
    refused = run("run", plan(), "--only", "btach*")
    assert refused.returncode == 2
    assert "--only btach*: no workload of plan tiny has such a name; it has trigger-10B" in refused.stderr


def test_a_plan_is_tried_out_with_one_call_of_each_workload(run: Run, plan: Plan, tmp_path: Path) -> None:
    done = run("run", plan(), "--once")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    result = saved(tmp_path)
    assert result.server["requests"] == 4
    assert result.slices.empty
    assert result.meta["plan"]["once"]
    assert not result.meta["valid"]
    assert "4 of 4 acknowledged; nothing was measured" in done.stdout
    sent = [int(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("  sent ")]
    assert sum(sent) == result.server["request_bytes"]
    # As it was known before: the mock's port has five digits, as that of the plan's sizes.
    planned = run("plan", plan())
    assert (planned.returncode, planned.stderr) == (0, "")
    rows = {cells[0]: cells[2] for cells in map(str.split, planned.stdout.splitlines()) if len(cells) == 9}
    assert [rows[name] for name in result.meta["plan"]["workloads"]] == [str(each) for each in sent]
    assert done.stdout.count("> POST /apps/") == 4
    assert "> Host: 127.0.0.1:" in done.stdout
    assert '> {"name":"my-event","channels":["my-channel"],"data":"' in done.stdout
    assert done.stdout.count("auth_signature=(not shown)") == 4
    assert DEMO.secret not in done.stdout
    (tmp_path / "gates.toml").write_text(GATES)
    gated = run("gate")
    assert gated.returncode == 5
    assert "each workload was sent once, to try the plan out (--once): nothing was measured" in gated.stdout
    refused = run("run", plan(), "--once", "--rounds", "3")
    assert refused.returncode == 2
    assert "--rounds: --once sends each workload once" in refused.stderr


def test_a_plan_that_is_tried_out_shows_what_the_server_rejects(run: Run, tmp_path: Path) -> None:
    (tmp_path / "large.toml").write_text(
        'schema = 1\nname = "large"\n[limits]\nbatch_size = 20\n'
        '[[workload]]\napi = "trigger"\n[[workload]]\napi = "batch"\nbatch_size = 20\n'
    )
    with embedded_mock(Limits(), CostModel()) as mock:
        url = f"http://{DEMO.key}:{DEMO.secret}@127.0.0.1:{mock.port}/apps/{DEMO.app_id}"
        done = run("run", "large.toml", "--once", "--endpoint", url)
        wrong = run("run", "large.toml", "--once", "--endpoint", url.replace(DEMO.secret, "wrong"))
    assert done.returncode == 3, done.stderr
    assert "trigger-100B-chat-reference  200, acknowledged" in done.stdout
    assert "batch20-100B-chat-reference  400: " in done.stdout
    assert "1 of 2 acknowledged" in done.stdout
    assert wrong.returncode == 5
    assert "trigger-100B-chat-reference  401: " in wrong.stdout
    assert wrong.stderr.count("\n") == 1
    assert "wrong" not in wrong.stdout


@pytest.mark.parametrize("name", ["http2", "tradeoff", "encrypted", "delivery"])
def test_any_plan_can_be_tried_out(run: Run, tmp_path: Path, name: str) -> None:
    done = run("run", name, "--once")
    assert done.returncode == 0, done.stdout + done.stderr
    result = saved(tmp_path)
    assert result.meta["reconcile"]["agrees"]
    assert result.server["requests"] == len(result.meta["plan"]["workloads"])


def test_a_plan_that_can_not_be_sent_is_one_line(run: Run) -> None:
    for arguments, said in (
        (["nosuch"], "no plan 'nosuch'"),
        (["quick", "--only", "x"], "--only x: no workload of plan quick has such a name"),
        ([f"http://{DEMO.key}:{DEMO.secret}@127.0.0.1/apps/1"], "URL with a secret among the arguments"),
        (["capacity", "--rounds", "3"], "--rounds: plan capacity has [capacity]"),
    ):
        done = run("plan", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
        assert DEMO.secret not in done.stderr


def test_a_plan_that_is_tried_out_can_be_interrupted(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://{DEMO.key}:{DEMO.secret}@127.0.0.1:{silent.getsockname()[1]}/apps/{DEMO.app_id}"
        tried = start_warm("wiretax", "run", "quick", "--once", cwd=tmp_path, env=environment(PUSHER_URL=url))
        assert tried.stdout is not None
        assert "8 workloads, one call each" in tried.stdout.readline()
        tried.send_signal(signal.SIGINT)
        _, said = tried.communicate(timeout=60)
    assert (tried.returncode, said) == (130, "wiretax: interrupted; nothing is saved\n")
    assert not (tmp_path / "results").exists()
