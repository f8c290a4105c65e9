"""``wiretax run --against``: two servers in one run, slice by slice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from commands import Plan, Run, environment, free_port, run_until
from warm import start_warm

from analysis.measures.two_servers import compare_servers
from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.limits import Limits
from wiretax.mock.certificate import MockTls
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock
from wiretax.runs.reader import Run as SavedRun
from wiretax.runs.reader import find_run, read_run

SENT = ["request_line_bytes", "auth_query_bytes", "header_bytes", "body_bytes"]
Start = Callable[..., str]


def saved(folder: Path) -> SavedRun:
    return read_run(find_run(folder / "results"))


def url(endpoint: Endpoint, host: str = "127.0.0.1") -> str:
    return f"{endpoint.scheme}://{DEMO.key}:{DEMO.secret}@{host}:{endpoint.port}/apps/{DEMO.app_id}"


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a mock that costs so much an event, and returns its URL."""
    with ExitStack() as closing:

        def start_mock(per_event_s: float = 0.0, tls: MockTls | None = None) -> str:
            cost = CostModel(per_event=per_event_s)
            return url(closing.enter_context(embedded_mock(Limits(), cost, tls)))

        yield start_mock


@contextmanager
def without_ledger() -> Iterator[str]:
    """A server that takes every event and keeps no count."""

    class Taking(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body leave together: apart, the second waits 40 ms for the client's kernel

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            return None

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Taking)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://{DEMO.key}:{DEMO.secret}@127.0.0.1:{server.server_port}/apps/1"
    finally:
        server.shutdown()
        server.server_close()


def test_two_builds_get_the_same_in_every_round_and_every_byte_is_accounted_for(
    run: Run, plan: Plan, tmp_path: Path, start: Start
) -> None:
    one, other = start(), start()
    done = run("run", plan(rounds=5, slice="30ms"), "--endpoint", one, "--against", other)
    assert done.returncode == 0, done.stderr
    result = saved(tmp_path)
    rows = result.slices
    assert len(rows) == 5 * 4 * 2
    assert (rows.groupby(["round", "server"]).size() == 4).all()
    # The two slices of a workload are neighbours, as they were measured.
    names = rows.sort_values("started_s")["workload"].str.removesuffix("-against").tolist()
    assert names[::2] == names[1::2]
    assert rows.sort_values("started_s")["server"].iloc[::2].nunique() == 2
    pairs = compare_servers(rows)
    assert pairs["rounds"].tolist() == [5] * 4
    # Ports have five digits each.
    assert (pairs["sent"] == 0).all()
    assert (pairs["received"] == 0).all()
    books = result.meta["reconcile"]["by_server"]
    assert result.meta["reconcile"]["agrees"]
    assert result.server is not None
    for server in ("endpoint", "against"):
        mine = rows[rows["server"] == server]
        assert 0 < mine["events"].sum() <= books[server]["events"] == result.server["by_server"][server]["events"]
    assert sum(book["request_bytes"] for book in books.values()) == result.server["request_bytes"]
    assert result.meta["endpoint"] in one.replace(f"{DEMO.key}:{DEMO.secret}@", "")
    assert result.meta["against"] in other.replace(f"{DEMO.key}:{DEMO.secret}@", "")
    assert "against / endpoint" in done.stdout
    assert "batch of 10, against" in done.stdout
    assert "both servers got the same number of bytes" in done.stdout
    assert "both mocks agree to the byte" in done.stdout
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or DEMO.secret.encode() not in file.read_bytes()
    assert DEMO.secret not in done.stdout + done.stderr


def test_a_slower_build_is_told_from_a_faster_one(run: Run, plan: Plan, tmp_path: Path, start: Start) -> None:
    slower = start(per_event_s=400e-6)
    done = run("run", plan(rounds=5, slice="50ms"), "--endpoint", start(), "--against", slower)
    assert done.returncode == 0, done.stderr
    pairs = compare_servers(saved(tmp_path).slices).set_index("workload")
    # Ten events a call at 400 us each are 250 calls a second, whatever the machine.
    assert pairs.at["batch10-10B-chat-reference", "ratio_high"] < 0.9


def test_the_embedded_mock_may_be_measured_against_a_server(
    run: Run, plan: Plan, tmp_path: Path, start: Start
) -> None:
    done = run("run", plan(), "--against", start())
    assert done.returncode == 0, done.stderr
    assert "mock that costs nothing" in done.stdout
    result = saved(tmp_path)
    assert result.meta["mock"] is not None
    assert result.meta["valid"]
    assert set(result.meta["reconcile"]["by_server"]) == {"endpoint", "against"}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_server_against_itself_is_one_ledger(
    run: Run, plan: Plan, tmp_path: Path, start: Start, host: str
) -> None:
    one = start()
    done = run("run", plan(), "--endpoint", one, "--against", one.replace("127.0.0.1", host))
    assert done.returncode == 0, done.stdout + done.stderr
    result = saved(tmp_path)
    assert result.meta["reconcile"]["server"]["requests"] == result.meta["reconcile"]["model"]["requests"]
    assert result.meta["reconcile"]["by_server"] == {}
    assert "kernel and mock agree" in done.stdout or "sockets and mock agree" in done.stdout


def test_where_one_keeps_no_ledger_the_others_is_still_held_to_the_byte(
    run: Run, plan: Plan, tmp_path: Path, start: Start
) -> None:
    with without_ledger() as other:
        done = run("run", plan(), "--endpoint", start(), "--against", other)
    assert done.returncode == 0, done.stdout + done.stderr
    result = saved(tmp_path)
    outcome = result.meta["reconcile"]
    assert outcome["server"] is None
    assert outcome["by_server"]["against"] is None
    assert 0 < outcome["by_server"]["endpoint"]["requests"] < outcome["model"]["requests"]
    warning = "--against keeps no ledger: bytes to and from it were counted by the client only"
    assert f"warning  {warning}" in done.stdout
    assert "--endpoint's mock agree to the byte" in done.stdout
    # The other app's id is five digits shorter, and its server's answers are its own.
    assert "against got -5 B per call compared with endpoint: each call carries its own host" in done.stdout


def test_both_are_trusted_alike(run: Run, plan: Plan, tmp_path: Path, start: Start) -> None:
    authorities = [tmp_path / "one.pem", tmp_path / "other.pem"]
    one, other = (start(tls=MockTls("ecdsa", authority)) for authority in authorities)
    both = tmp_path / "both.pem"
    both.write_text("".join(authority.read_text() for authority in authorities))
    done = run("run", plan(rounds=1), "--endpoint", one, "--against", other, "--ca", str(both))
    assert done.returncode == 0, done.stdout + done.stderr
    assert saved(tmp_path).slices["tls"].all()
    doubted = run("run", plan(rounds=1), "--endpoint", one, "--against", other, "--ca", str(authorities[0]))
    assert doubted.returncode == 5
    assert other.partition("@")[2] in doubted.stderr
    assert "can't be trusted" in doubted.stderr
    blind = run("run", plan(rounds=1), "--against", other, "--insecure")
    assert blind.returncode == 0, blind.stdout + blind.stderr
    assert "warning  --insecure" in blind.stdout


def test_the_second_server_may_die_and_is_named(plan: Plan, tmp_path: Path, start: Start) -> None:
    port = free_port()
    mock = start_warm("wiretax", "mock", "--port", str(port), cwd=tmp_path, env=environment())
    assert mock.stdout is not None
    assert "listening" in mock.stdout.readline()
    other = f"http://{DEMO.key}:{DEMO.secret}@127.0.0.1:{port}/apps/{DEMO.app_id}"
    process = run_until("round 1 of", plan(rounds=1000), "--endpoint", start(), "--against", other, cwd=tmp_path)
    mock.kill()
    mock.communicate(timeout=120)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 5, err
    assert "no event was acknowledged by --against in 3 slices in a row" in out
    assert "the mock of --against kept a ledger when the run began and no longer answers" in out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--against", "http://127.0.0.1/apps/1"], 2, "--against: the endpoint can't be used: it lacks the key"),
        (["--against", "http://k:hidden@192.0.2.1/apps/1"], 2, "add --yes if you mean it"),
        (["--against", "http://k:hidden@127.0.0.1:{free}/apps/1"], 5, "or name another --against"),
        (["--against", "http://k:hidden@127.0.0.1/apps/1", "--insecure"], 2, "go with https://"),
        (
            ["--endpoint", "http://k:hidden@127.0.0.1/apps/1", "--against", "https://k:hidden@127.0.0.1/apps/1"],
            2,
            "give both the same",
        ),
        (["--against", "{wrong}"], 5, "check app id, key and secret of --against"),
    ],
)
def test_what_is_wrong_with_it_is_one_line_and_leaves_nothing_behind(
    run: Run, tmp_path: Path, start: Start, arguments: list[str], code: int, says: str
) -> None:
    places = {"free": free_port(), "wrong": start().replace(DEMO.secret, "hidden")}
    done = run("run", *(argument.format(**places) for argument in arguments))
    assert done.returncode == code
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert "hidden" not in done.stderr
    assert list(tmp_path.iterdir()) == []
