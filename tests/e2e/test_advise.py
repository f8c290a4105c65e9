"""``wiretax advise``: what is asked becomes advice, and what can't be used is said in a line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from commands import Plan, Run
from raw_server import answer, raw_server

REFERENCE = Path(__file__).parents[2] / "results" / "reference"
DEMAND = ("--rate", "500/s", "--payload", "200", "--rtt", "40ms", "--budget", "100ms")


def test_advice_without_a_run_says_what_it_does_not_know(run: Run) -> None:
    done = run("advise", *DEMAND)
    assert done.returncode == 0, done.stderr
    assert "Publish in batches of 10, with a linger of 29 ms" in done.stdout
    assert "to https://api-mt1.pusher.com" in done.stdout
    assert "unknown and counted as 0" in done.stdout


def test_a_library_that_batches_less_than_the_endpoint_is_advised_what_it_sends(run: Run) -> None:
    done = run("advise", *DEMAND, "--client", "dotnet", "--limit", "50")
    assert done.returncode == 0, done.stderr
    assert "Publish in batches of 10" in done.stdout
    assert (
        "No larger batches: PusherServer 5.0.0 (client dotnet) sends at most 10 events in a batch" in done.stdout
    )
    large = [each if each != "200" else "5000" for each in DEMAND]
    done = run("advise", *large, "--client", "python")
    assert done.returncode == 0, done.stderr
    assert "Batching isn't worth it: the client library batches no events of this size." in done.stdout
    done = run("advise", *[each if each != "200" else "9000" for each in DEMAND], "--client", "python")
    assert done.returncode == 2
    assert "pusher 3.3.4 (client python) sends data of at most 30,720 bytes" in done.stderr


def test_runs_that_are_unfinished_or_damaged_are_named_and_left_out(run: Run, tmp_path: Path) -> None:
    results = tmp_path / "results"
    shutil.copytree(REFERENCE / "quick", results / "2026-01-31T12-00-00-quick")
    assert run("advise", *DEMAND).stderr == ""
    (results / "2026-01-31T12-00-00-quick" / "slices.parquet").write_bytes(b"PAR1")
    (results / "2026-02-01T12-00-00-later").mkdir()
    done = run("advise", *DEMAND)
    assert done.returncode == 0, done.stderr
    unfinished, damaged = done.stderr.splitlines()
    assert "later is unfinished: it has no run.json" in unfinished
    assert unfinished.endswith("; advice is from finished runs")
    assert "slices.parquet" in damaged
    assert damaged.endswith("; advice leaves it out")
    (results / "2026-01-31T12-00-00-quick").rename(results / "2026-02-02T12-00-00-quick")
    assert "unfinished" not in run("advise", *DEMAND).stderr


# Its mock takes most of the time, so call times are a line on a busy machine, too.
STRAIGHT = """\
schema = 1
name = "straight"
rounds = 6
slice = "60ms"
users = 4
[mock]
per_request = "1ms"
per_event = "100us"
[[workload]]
api = "trigger"
payload_bytes = 10
[[workload]]
api = "batch"
batch_size = [5, 10]
payload_bytes = 10
"""


def test_a_run_says_what_a_call_takes(run: Run, tmp_path: Path) -> None:
    (tmp_path / "straight.toml").write_text(STRAIGHT)
    assert run("run", "straight.toml").returncode == 0
    done = run("advise", *DEMAND)
    assert done.returncode == 0, done.stderr
    assert "-straight (10 B chat by reference, without TLS, the nearest in that run)" in done.stdout
    assert "Its mock simulated a server that takes" in done.stdout
    assert "The server is assumed to keep connections" in done.stdout


def test_what_a_run_saw_a_server_do_to_connections_is_counted(run: Run, plan: Plan) -> None:
    with raw_server(lambda *_: answer("200 OK", b"{}", "Connection: close")) as server:
        assert run("run", plan(), "--endpoint", server.url()).returncode == 0
        url = server.url()
    done = run("advise", *DEMAND, PUSHER_URL=url)
    assert done.returncode == 0, done.stderr
    # Two round trips of 40 ms each leave 20 of the 100 ms, and not 60.
    assert "with a linger of 20 ms" in done.stdout
    assert "The server closes each connection after a call, as " in done.stdout
    assert "-tiny showed, so a call takes 2 round trips." in done.stdout
    # Two sizes have no line to be checked.
    assert "unknown and counted as 0" in done.stdout
    told = run("advise", *DEMAND, "--connection", "keep-alive", PUSHER_URL=url)
    assert "with a linger of 29 ms" in told.stdout
    assert "The server keeps connections, as --connection keep-alive states." in told.stdout


def test_the_endpoint_is_named_in_each_head_and_its_secret_nowhere(run: Run) -> None:
    url = "http://key:hidden@a-host-with-a-long-name.example:6001/apps/1"
    done = run("advise", *DEMAND, PUSHER_URL=url)
    assert done.returncode == 0, done.stderr
    assert "to http://a-host-with-a-long-name.example:6001" in done.stdout
    assert "TLS" not in done.stdout
    assert "hidden" not in done.stdout
    assert run("advise", *DEMAND, "--no-tls").stdout != done.stdout


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--rate", "0/s"), "--rate: '0/s': expected more than 0 and at most 1,000,000,000 events per second"),
        (("--rate", "-5/s"), "--rate: '-5/s' is not a rate; write it like 500/s"),
        (("--rtt", "soon"), "--rtt: 'soon' is not a duration"),
        (("--budget", "0ms"), "--budget 0ms: expected a duration above zero"),
        (("--payload", "8"), "--payload 8, expected 9 (the smallest 'chat' document) to 10240"),
        (("--payload", "10241"), "--payload 10241, expected 9"),
        (("--payload", "10240", "--client", "php"), "php encodes a string a second time"),
        (("--limit", "0"), "--limit 0: expected 1 to 1000"),
        (("--connection", "open"), "--connection open: expected keep-alive or close"),
        (("--client", "pyton"), "(did you mean python?)"),
        (("--kind", "chart"), "(did you mean chat?)"),
        (("--run", "nowhere"), "no run 'nowhere'"),
        (("--endpoint", "http://k:s@127.0.0.1:6001/apps/1", "--tls"), "--tls: the endpoint is http://"),
        (("--endpoint", "http://127.0.0.1:6001/apps/1"), "it lacks the key or the secret"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(run: Run, options: tuple[str, ...], text: str) -> None:
    done = run("advise", *DEMAND, *options)
    assert done.returncode == 2
    assert text in done.stderr
    assert done.stderr.count("\n") == 1
    assert not done.stdout
