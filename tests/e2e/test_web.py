"""Locust's web UI with the scenarios: form, tab, live page, the runs it leaves, and who may see them."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from commands import command, environment, free_port

from wiretax.channels.endpoint import DEMO
from wiretax.channels.limits import Limits
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock
from wiretax.runs.reader import newest_first, read_run

VISIT = Path(__file__).parent / "visit.py"
ARTEFACTS = Path(__file__).parents[1] / ".artefacts"
LOCUSTFILE = Path(__file__).parents[2] / "scenarios" / "locustfile.py"
PLAIN = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--web-host", "127.0.0.1"]
USERS = {"user_count": "4", "spawn_rate": "4"}


class Site:
    """A web UI that runs in a folder."""

    def __init__(self, folder: Path, port: int, process: subprocess.Popen[str]) -> None:
        self.folder = folder
        self.address = f"http://127.0.0.1:{port}"
        self.http = httpx.Client(base_url=self.address, timeout=30)
        self.process = process
        self.log: list[str] = []

    def post(self, path: str, **form: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.http.post(path, data=form).json()
        return answer

    def figures(self) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get("/wiretax/figures").json()
        return found

    def wait_until(self, holds: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Ask for figures until something holds of them."""
        for _ in range(300):
            found = self.figures()
            if holds(found):
                return found
            threading.Event().wait(0.1)
        raise AssertionError(f"not in 30 s: {found['test']}, {self.log}")

    def start(self, **form: str) -> dict[str, Any]:
        """Start a test by the form, and return its first figures."""
        before = self.figures()["key"]
        answer = self.post("/swarm", **{**USERS, **form})
        assert answer["success"], answer
        return self.wait_until(lambda found: found["key"] != before and found["workloads"])

    @property
    def runs(self) -> list[Path]:
        return newest_first(self.folder / "results")


@contextmanager
def site(folder: Path, *arguments: str, by: list[str] | None = None, **env: str) -> Iterator[Site]:
    port = free_port()
    process = subprocess.Popen(
        [*(by or command("ui")), "--web-port", str(port), *arguments],
        cwd=folder,
        env=environment(**env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    made = Site(folder, port, process)
    assert process.stdout is not None
    reader = threading.Thread(target=lambda: made.log.extend(process.stdout or ()))
    reader.start()
    try:
        while process.poll() is None:
            try:
                made.http.get("/worker-count")
                break
            except httpx.ConnectError:
                threading.Event().wait(0.1)
        assert process.poll() is None, made.log
        yield made
    finally:
        process.terminate()
        process.wait(30)
        reader.join()
        process.stdout.close()
        made.http.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A web UI without an endpoint."""
    with site(tmp_path_factory.mktemp("web")) as made:
        yield made


def test_the_story_in_a_browser(tmp_path: Path) -> None:
    if shutil.which("chromium") is None:
        pytest.skip("chromium is not installed")
    with site(tmp_path) as made:
        done = subprocess.run(
            [sys.executable, str(VISIT), made.address, str(ARTEFACTS)],
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        seen = json.loads(done.stdout)
        (run,) = [read_run(folder) for folder in made.runs]
    assert seen["form"]["endpoint"] == "password"
    assert {seen["form"][name] for name in ("client", "payloadKind", "connection", "plan")} == {"select"}
    assert {seen["form"][name] for name in ("tls", "insecure")} == {"checkbox"}
    assert "11 events in one batch, expected 1 to 10" in seen["refused"]

    # The last is QueueUser's, whose events arrive whatever the server does.
    sent_as = ["trigger", "batch of 5", "to 10 channels", "batch of 5, 500/s arriving"]
    assert [row[1] for row in seen["tab"]["rows"]] == sent_as
    assert seen["tab"]["titles"][:3] == ["Event", "Sent as", "Events/s"]
    assert all(row[0] == "100 B json, reference" and row[-1] == "0" for row in seen["tab"]["rows"])
    assert seen["link"] == "./wiretax/"

    assert seen["live"]["state"] == "running"
    assert [row[0] for row in seen["live"]["rows"]] == sent_as
    assert seen["live"]["bars"] >= len(sent_as) * 7
    # Rate, p50 and p99 of each, but for the queue's p99: it has 200 calls in two seconds, and a p99 needs 1,000.
    assert seen["live"]["lines"] == len(sent_as) * 3 - 1
    assert seen["no_gain"].startswith("No gain: the user classes of a free run send side by side")
    assert seen["dark"]["paper"] != seen["live"]["paper"]
    assert seen["phone"]["width"] <= 390

    assert seen["run"] == run.folder.name
    assert run.meta["valid"], run.meta["invalid_because"]
    assert set(run.slices["api"]) == {"trigger", "batch", "multi_trigger"}
    assert run.mode == "free"
    assert "free-run" in seen["report"]
    assert "No gain: the user classes of a free run" in seen["report"]
    assert seen["said"] == []
    external = [url for url in seen["requests"] if not url.startswith((made.address, "data:"))]
    assert external == []


def test_tests_one_after_the_other_leave_a_run_each_and_a_reset_starts_the_figures_anew(shared: Site) -> None:
    before = len(shared.runs)
    first = shared.start(plan="none", payload_bytes="50")
    shared.http.post("/stats/reset").raise_for_status()
    anew = shared.wait_until(lambda found: found["key"] != first["key"] and found["workloads"])
    assert anew["samples"] <= 2
    shared.post("/stop")
    shared.start(payload_bytes="60")
    shared.post("/stop")
    runs = [read_run(folder) for folder in shared.runs]
    assert len(runs) == before + 2
    assert [run.slices["payload_bytes"].unique().tolist() for run in runs[:2]] == [[60], [50]]
    assert all(run.meta["valid"] for run in runs[:2]), [run.meta["invalid_because"] for run in runs[:2]]
    # What came before the reset is in no slice, and in the totals all the same.
    parts = runs[1].meta["parts"]
    assert parts["aside"]["events"] > 0
    whole = sum(int(frame["events"].sum()) for frame in (runs[1].slices, runs[1].queued))
    counted = whole + parts["aside"]["events"] + parts["boundary"]["events"]
    assert counted == parts["total"]["events"]
    assert [each["name"] for each in shared.figures()["runs"]][:2] == [run.folder.name for run in runs[:2]]


def test_a_plan_is_swept_to_its_end_with_the_users_of_the_form(shared: Site) -> None:
    going = shared.start(plan="quick", payload_bytes="100")
    assert going["test"]["plan"] == "quick"
    assert 0 < going["test"]["progress"][1] < 1
    refused = shared.post("/swarm", user_count="5", spawn_rate="5")
    assert "swept with 4 users to its end" in refused["message"]
    ended = shared.wait_until(lambda found: found["runs"] and found["runs"] != going["runs"])
    name = ended["runs"][0]["name"]
    run = read_run(shared.folder / "results" / name)
    assert not ended["test"]["running"]
    assert run.meta["valid"], run.meta["invalid_because"]
    assert run.meta["rounds_measured"] == 10
    assert set(run.slices["users"]) == {4}
    told = {each["name"]: each["num_requests"] for each in shared.http.get("/stats/requests").json()["stats"]}
    for workload, requests in run.slices.groupby("workload")["requests"].sum().items():
        assert told[workload] >= requests


def test_a_sweep_that_is_stopped_keeps_what_it_measured(shared: Site) -> None:
    shared.start(plan="quick")
    shared.post("/stop")
    run = read_run(shared.runs[0])
    assert run.meta["interrupted"]
    assert run.meta["valid"], run.meta["invalid_because"]
    assert 1 <= run.meta["rounds_measured"] < 10


def test_a_sweep_that_is_stopped_before_all_users_are_there_says_that_it_measured_nothing(shared: Site) -> None:
    assert shared.post("/swarm", user_count="4", spawn_rate="0.1", plan="quick")["success"]
    going = shared.wait_until(lambda found: found["test"] and found["test"]["running"])
    assert going["test"]["progress"] == ["waiting for all users", 0.0]
    shared.post("/stop")
    run = read_run(shared.runs[0])
    assert run.meta["interrupted"]
    assert not run.meta["valid"]
    assert run.meta["reconcile"]["agrees"]
    assert shared.figures()["runs"][0]["notes"][0] == "no event was acknowledged in any whole slice"


def test_pages_lie_below_the_path_that_locust_is_given(tmp_path: Path) -> None:
    with site(tmp_path, "--web-base-path", "/load") as made:
        assert made.http.get("/load/wiretax/").status_code == 200
        assert "./wiretax/" in made.http.get("/load/").text
        refused = made.post("/load/swarm", **USERS, batch_size="11")
        assert "11 events in one batch" in refused["message"]


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"batch_size": "11"}, "11 events in one batch, expected 1 to 10"),
        ({"batch_size": "many"}, "batch_size = 'many', expected a whole number"),
        ({"payload_bytes": "3"}, "payload_bytes = 3, expected 9"),
        ({"client": "pyton"}, "did you mean python?"),
        ({"payload_kind": "chats"}, "did you mean chat?"),
        ({"plan": "quik"}, "did you mean quick?"),
        ({"plan": "quick", "user_count": "0"}, "a plan takes one user at least"),
        ({"max_batch_size": "0"}, "max_batch_size = 0, expected 1 or more"),
        ({"insecure": "true"}, "go with an https:// --endpoint"),
        ({"endpoint": "http://127.0.0.1/apps/1"}, "lacks the key or the secret"),
        ({"endpoint": "http://k:hidden@127.0.0.1:1/apps/1"}, "nothing listens at http://127.0.0.1:1/apps/1"),
        ({"endpoint": "http://k:hidden@192.0.2.1/apps/1"}, "add --yes if you mean it"),
        ({"max_messages": "few"}, "max_messages = 'few', expected a whole number"),
        ({"host": "http://k:hidden@127.0.0.1"}, "give the endpoint with --endpoint"),
    ],
)
def test_what_cannot_be_used_is_said_in_the_form_and_nothing_starts(
    shared: Site, form: dict[str, str], says: str
) -> None:
    before = sorted((shared.folder / "results").glob("*"))
    usual = {"plan": "none", "payload_bytes": "100", "insecure": "false", "host": "", "max_messages": "0"}
    answer = shared.post("/swarm", **{**USERS, **usual, **form})
    assert not answer["success"]
    assert says in answer["message"]
    assert "hidden" not in json.dumps(answer)
    assert shared.http.get("/stats/requests").json()["user_count"] == 0
    assert sorted((shared.folder / "results").glob("*")) == before


def test_what_the_server_rejects_is_said_in_the_form_or_left_out_of_a_plan(shared: Site) -> None:
    with embedded_mock(Limits(), CostModel()) as mock:
        endpoint = f"http://{DEMO.key}:{DEMO.secret}@127.0.0.1:{mock.port}/apps/{DEMO.app_id}"
        large = {**USERS, "endpoint": endpoint, "plan": "none", "batch_size": "20", "max_batch_size": "20"}
        refused = shared.post("/swarm", **large)
        assert refused["message"] == (
            "nothing was started, batch20-100B-chat-reference is rejected: the endpoint answered 400: 20 events "
            "in one batch, expected 1 to 10"
        )
        unknown = shared.post("/swarm", **{**large, "endpoint": endpoint.replace("/apps/", "/apps/7")})
        assert "check app id, key and secret" in unknown["message"]
        # Who sends no batches is not in their way.
        shared.start(**{**large, "user_classes": "TriggerUser"})
        shared.post("/stop")
        shared.start(endpoint=endpoint, plan="headline")
        shared.post("/stop")
    alone, plan = (read_run(folder) for folder in reversed(shared.runs[:2]))
    assert set(alone.slices["api"]) == {"trigger"}
    assert plan.meta["valid"], plan.meta["invalid_because"]
    assert {row["batch_size"] for row in plan.meta["skipped"]} == {20, 50, 100}
    assert plan.slices["batch_size"].max() == 10
    said = [warning for warning in plan.meta["warnings"] if "was skipped: the endpoint answered 400" in warning]
    assert len(said) == len(plan.meta["skipped"])


def test_a_report_has_to_be_of_a_run_that_is_there(shared: Site) -> None:
    assert shared.http.get("/wiretax/runs/nothing/").status_code == 404
    assert shared.http.get("/wiretax/runs/..%2f..%2fetc/").status_code == 404
    assert shared.post("/wiretax/runs/nothing/make")["state"] == "failed"


OURS = ["/wiretax/", "/wiretax/live.js", "/wiretax/live.css", "/wiretax/figures", "/wiretax/runs/x/"]


def test_a_login_keeps_others_out_of_every_page(tmp_path: Path) -> None:
    with site(tmp_path, "--web-login", WIRETAX_WEB_PASSWORD="open sesame") as made:
        for path in (*OURS, "/wiretax/runs/x/status", "/", "/stats/requests"):
            answer = made.http.get(path)
            assert answer.status_code == 302, path
            assert answer.headers["location"].startswith("/login"), path
        for path in ("/wiretax/runs/x/make", "/swarm"):
            assert made.http.post(path, data=USERS).status_code == 302
        assert not made.runs
        assert made.http.post("/wiretax/login", data={"password": "guess"}).headers["location"] == "/login"
        assert made.http.get("/wiretax/figures").status_code == 302
        assert made.http.post("/wiretax/login", data={"password": "open sesame"}).headers["location"] == "/"
        assert made.http.get("/wiretax/figures").json()["runs"] == []
        assert made.http.get("/").status_code == 200


def test_a_secret_is_in_no_page_and_stands_where_its_field_is_left_empty(tmp_path: Path) -> None:
    with site(tmp_path, PUSHER_URL=f"http://k:s3cretly@127.0.0.1:{free_port()}/apps/77", by=PLAIN) as made:
        for path in ("/", "/logs", "/stats/report", *OURS[:4]):
            assert "s3cretly" not in made.http.get(path).text, path
        answer = made.post("/swarm", **USERS, endpoint="", host="")
        assert "nothing listens at http://127.0.0.1:" in answer["message"]
        assert "/apps/77" in answer["message"]
    assert "s3cretly" not in "".join(made.log)


@pytest.mark.parametrize("by", [command("ui"), PLAIN], ids=["wiretax ui", "locust"])
def test_a_port_that_is_taken_is_one_line_and_exit_code_2(tmp_path: Path, by: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*by, "--web-port", str(port)],
            cwd=tmp_path,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if "ERROR" in line]
    assert f"can't listen on 127.0.0.1:{port}" in line
    assert "--web-port" in line
    assert "Traceback" not in done.stderr


def test_a_login_without_a_password_and_a_plan_without_a_page_are_refused(tmp_path: Path) -> None:
    for arguments, says in (
        (command("ui", "--web-login"), "WIRETAX_WEB_PASSWORD"),
        ([*PLAIN, "--headless", "--plan", "quick"], "wiretax run quick"),
    ):
        done = subprocess.run(
            arguments, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 2
        assert says in done.stderr
