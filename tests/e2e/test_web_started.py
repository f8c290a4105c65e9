"""Web UIs that are started for one test each: the story in a browser, a login, a path, a port, a secret."""

from __future__ import annotations

import csv
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from chromium import ARTEFACTS, need_chromium, seen_by
from commands import command, environment, free_port, url_of
from locust_process import own_port
from saved_runs import assert_agrees, saved
from warm import run_warm
from web_ui import USERS, site

from wiretax.channels.limits import Limits
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock
from wiretax.runs.reader import read_run

LOCUSTFILE = Path(__file__).parents[2] / "scenarios" / "locustfile.py"
LOCUST = ["locust", "-f", str(LOCUSTFILE), "--web-host", "127.0.0.1"]
PLAIN = [sys.executable, "-m", *LOCUST]
OURS = [
    "/wiretax/",
    "/wiretax/live/live.js",
    "/wiretax/live.css",
    "/wiretax/form.js",
    "/wiretax/figures",
    "/wiretax/runs/x/",
    "/wiretax/files/",
]


def test_the_story_in_a_browser(tmp_path: Path) -> None:
    need_chromium()
    # Its users wait for an answer most of the time, and leave the cores to the browser.
    with (
        embedded_mock(Limits(), CostModel(rtt=0.01)) as mock,
        site(tmp_path, by=command("ui"), PUSHER_URL=url_of(mock)) as made,
    ):
        seen = seen_by("visit.py", made.address, ARTEFACTS, timeout_s=180)
        (run,) = [read_run(folder) for folder in made.runs]
    assert seen["form"]["endpoint"] == "password"
    assert {seen["form"][name] for name in ("client", "payload_kind", "connection", "plan")} == {"select"}
    assert {seen["form"][name] for name in ("tls", "insecure")} == {"checkbox"}
    assert seen["refused"] == "Events per call: 11; allowed: 1 to 10 (“Largest batch accepted”)"

    # The last is QueueUser's, whose events arrive whatever the server does.
    sent_as = ["trigger", "batch of 5", "to 10 channels", "batch of 5, 500/s arriving"]
    assert [row[1] for row in seen["tab"]["rows"]] == sent_as
    assert seen["tab"]["titles"][:3] == ["Event", "Sent as", "Events/s"]
    assert all(row[0] == "100 B json, reference" and row[-1] == "0" for row in seen["tab"]["rows"])
    assert seen["link"] == "./wiretax/"

    live = seen["live"]
    assert live["state"] == "running"
    assert [row[0] for row in live["rows"]] == sent_as
    assert live["bars"] >= len(sent_as) * 7
    # What is running, where, with which users.
    assert live["facts"]["Test"].startswith("free run")
    assert mock.public_url in live["facts"]["Endpoint"]
    assert "QueueUser 5" in live["facts"]["Users"]
    # Every chart says what its lines are.
    assert {*live["lines"]["rate"]} == {*sent_as}
    for chart, names in live["lines"].items():
        if chart not in ("layers", "gain"):
            assert live["legends"][chart] == names, chart
    assert {"arrivals", "acknowledgements", "depth", "backlog", "wait-p50", "wait-p99"} < live["lines"].keys()
    assert len({*live["looks"]}) == len(sent_as)
    assert any(
        each.startswith("Events per second, acknowledged, over time. trigger: now ") for each in live["images"]
    )
    assert seen["no_gain"].startswith("No gain: the user classes of a free run send side by side")
    assert seen["dark"]["paper"] != live["paper"]
    assert seen["phone"]["width"] <= 390

    # Everything that can be used is reached by keyboard, in order, and seen to be.
    reached = [place for place, _, _ in seen["tabs"]]
    assert reached[0] == "a"
    assert reached.index("pause") < reached.index("costs") < reached.index("summary")
    assert reached[-1] == "body"
    assert all(name and is_seen for place, name, is_seen in seen["tabs"] if place != "body"), seen["tabs"]
    assert seen["values"] == ["Since the start", *sent_as]
    # A page that is reloaded has the same curves.
    before, after = seen["points"]
    assert after >= before > 1

    # Otherwise clicks on them would be lost.
    assert seen["link_was_kept"]
    assert not seen["button_without_script"]
    assert seen["run"] == run.folder.name
    for words in ("valid", "Exit code 0.", f"Folder: results/{run.folder.name}", "Make the report"):
        assert words in seen["runs"]
    assert run.meta["valid"], run.meta["invalid_because"]
    assert set(run.slices["api"]) == {"trigger", "batch", "multi_trigger"}
    assert run.mode == "free"
    assert "free-run" in seen["report"]
    assert "No gain: the user classes of a free run" in seen["report"]
    assert seen["said"] == []
    external = [url for url in seen["requests"] if not url.startswith((made.address, "data:"))]
    assert external == []


def test_a_web_ui_with_workers_resets_both_its_run_and_locusts_files(tmp_path: Path) -> None:
    options = ["--processes", "1", *own_port(), "--csv", "out"]
    # Its users wait most of the time.
    with (
        embedded_mock(Limits(), CostModel(rtt=0.02)) as mock,
        site(tmp_path, *options, PUSHER_URL=url_of(mock)) as made,
    ):

        def by_locust(_: object) -> int:
            """Workers report to Locust at once, and to wiretax when a window ends."""
            entries = made.http.get("/stats/requests").json()["stats"]
            return sum(each["num_requests"] for each in entries if each["name"] == "Aggregated")

        assert made.post("/swarm", **USERS, user_classes="TriggerUser")["success"]
        made.wait_until(by_locust)
        before = by_locust(None)
        assert made.http.post("/stats/reset").text == "ok"
        assert made.post("/swarm", user_count="2", spawn_rate="4", user_classes="TriggerUser")["success"]
        # Locust answers with figures that may be two seconds old.
        made.wait_until(lambda found: found["test"]["users"] == 2 and by_locust(found) not in (0, before))
        made.post("/stop")
        made.wait_until(lambda found: not found["test"]["running"])
        run = saved(tmp_path)
    assert_agrees(run)
    parts = run.meta["parts"]
    assert parts["aside"]["requests"] > 0
    counted = parts["total"]["requests"] - parts["aside"]["requests"]
    assert counted == run.slices[["requests", "boundary_requests"]].sum().sum()
    with (tmp_path / "out_stats_history.csv").open() as history:
        assert int([*csv.DictReader(history)][-1]["Total Request Count"]) == counted
    assert [each["users"] for each in run.meta["plan"]["stages"]] == [4, 2]


def test_pages_lie_below_the_path_that_locust_is_given(tmp_path: Path) -> None:
    with site(tmp_path, "--web-base-path", "/load") as made:
        assert made.http.get("/load/wiretax/").status_code == 200
        assert "./wiretax/" in made.http.get("/load/").text
        refused = made.post("/load/swarm", **USERS, batch_size="11")
        assert refused["message"].startswith("Events per call: 11; allowed: 1 to 10")


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


def test_a_browser_logs_in_and_lets_no_other_sites_page_in(tmp_path: Path) -> None:
    need_chromium()
    with site(tmp_path, "--web-login", WIRETAX_WEB_PASSWORD="open sesame") as made:
        seen = seen_by("attack.py", made.address, "open sesame", timeout_s=120)
        assert seen["logged_in_at"] == f"{made.address}/"
        # A page can read no answer, and Chromium does not show those of its fetches; nothing was started.
        assert set(seen["tried"].values()) == {"TypeError"}
        assert seen["statuses"] == {"/login": 403, "/stop": 403}
        made.http.post("/wiretax/login", data={"password": "open sesame"})
        assert made.http.get("/stats/requests").json()["state"] == "ready"


def test_a_secret_is_in_no_page_and_stands_where_its_field_is_left_empty(tmp_path: Path) -> None:
    with site(tmp_path, PUSHER_URL=f"http://k:s3cretly@127.0.0.1:{free_port()}/apps/77", by=PLAIN) as made:
        for path in ("/", "/logs", "/stats/report", *OURS[:4]):
            assert "s3cretly" not in made.http.get(path).text, path
        answer = made.post("/swarm", **USERS, endpoint="", host="")
        assert "nothing listens at http://127.0.0.1:" in answer["message"]
        assert "/apps/77" in answer["message"]
    assert "s3cretly" not in "".join(made.log)


def ended(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """What a command said that does not start."""
    if arguments[0] == "locust":
        return run_warm(*arguments, cwd=folder, env=environment())
    return subprocess.run(
        arguments,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("by", [command("ui"), LOCUST], ids=["wiretax ui", "locust"])
def test_a_port_that_is_taken_is_one_line_and_exit_code_2(tmp_path: Path, by: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = ended([*by, "--web-port", str(port)], tmp_path)
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if "ERROR" in line]
    assert f"can't listen on 127.0.0.1:{port}" in line
    assert "--web-port" in line
    assert "Traceback" not in done.stderr


def test_a_login_without_a_password_and_a_plan_without_a_page_are_refused(tmp_path: Path) -> None:
    for arguments, says in (
        (command("ui", "--web-login"), "WIRETAX_WEB_PASSWORD"),
        ([*LOCUST, "--headless", "--plan", "quick"], "wiretax run quick"),
    ):
        done = ended(arguments, tmp_path)
        assert done.returncode == 2
        assert says in done.stderr


CLOSED = ["sh", "-c", 'exec "$@" >&- 2>/dev/full', "sh", *command("ui")]


@pytest.mark.parametrize(
    ("by", "numbers"),
    [
        (None, [signal.SIGTERM]),
        (None, [signal.SIGHUP, signal.SIGINT, signal.SIGTERM]),
        (CLOSED, [signal.SIGINT]),
    ],
    ids=["SIGTERM", "SIGHUP and more", "closed streams"],
)
def test_a_sweep_of_a_web_ui_that_a_signal_ends_is_saved(
    tmp_path: Path, by: list[str] | None, numbers: list[signal.Signals]
) -> None:
    with site(tmp_path, by=by) as made:
        made.start(plan="quick")
        for number in numbers:
            made.process.send_signal(number)
        code = made.process.wait(30)
    said = "".join(made.log)
    assert "Traceback" not in said
    (folder,) = made.runs
    run = read_run(folder)
    assert run.meta["interrupted"]
    assert run.meta["valid"], run.meta["invalid_because"]
    assert 1 <= run.meta["rounds_measured"] < run.meta["plan"]["rounds"]
    assert code == 130, said
