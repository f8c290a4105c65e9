"""What the live page is given: by a test that fails in part, by runs that have ended, and by its own files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from locust_inside import USERS, BatchUser, Inside, QueueUser, TriggerUser, inside

from wiretax.channels.limits import Limits
from wiretax.channels.workload import Workload
from wiretax.load import web
from wiretax.load.accounting.live.figures import Live
from wiretax.load.accounting.live.queues import LEAST_S
from wiretax.load.plan.reading import load_plan
from wiretax.mock.cost import CostModel
from wiretax.mock.faults import Fault, FaultList
from wiretax.mock.process import embedded_mock

STATIC = Path(web.__file__).parent / "static"
MODULES = sorted(each.name for each in (STATIC / "live").iterdir())
SICK = FaultList((Fault("server-error", 0.2), Fault("reset", 0.1)))
# Whatever would read a text as HTML.
READS_HTML = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|srcdoc|eval\(")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    # As often as a user would see in a longer test.
    monkeypatch.setattr("wiretax.load.accounting.live.figures.SAMPLE_S", 0.1)
    monkeypatch.setattr(Live, "every_s", 0.1)
    return tmp_path


@pytest.fixture
def locust() -> Iterator[Inside]:
    with inside("--rate", "300/s", web=True, classes=[BatchUser, QueueUser, TriggerUser]) as made:
        yield made


def figures(locust: Inside, **asked: Any) -> dict[str, Any]:
    answer = locust.visitor().get("/wiretax/figures", query_string=asked)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.get_json()
    return found


def test_failures_are_listed_by_kind_with_the_servers_message(locust: Inside) -> None:
    with embedded_mock(Limits(), CostModel(rtt=0.002), faults=SICK) as mock:
        locust.start(endpoint=mock.secret_url)
        locust.until(lambda: figures(locust)["failures"]["different"] > 1)
        locust.until(lambda: any(point[1] for point in figures(locust)["history"]))
        going = figures(locust)
        run = locust.stop()
        ended = figures(locust)
    assert going["test"]["endpoint"] == mock.public_url
    assert going["test"]["classes"].keys() == {"BatchUser", "QueueUser", "TriggerUser"}
    assert mock.app.secret not in str(going)
    saved = run.failures.groupby(["kind", "status", "message"])["count"].sum()
    shown = {(each["kind"], each["status"], each["message"]): each["count"] for each in ended["failures"]["rows"]}
    assert shown == saved.to_dict()
    assert {kind for kind, _, _ in shown} == {"rejected", "lost"}
    assert ended["failures"]["total"] == saved.sum()
    place = ended["fields"]["calls"].index("failed_per_second")
    assert any(values[place] > 0 for point in ended["history"] for values in point[1].values())


def test_a_run_stays_readable_after_the_next_one_has_started(locust: Inside) -> None:
    locust.start(payload_bytes=50)
    locust.until(lambda: len([point for point in figures(locust)["history"] if point[2]]) > 2)
    first = locust.stop()
    kept = figures(locust)
    locust.start(payload_bytes=60)
    locust.until(lambda: figures(locust)["workloads"])
    now, before = figures(locust), figures(locust, run=first.folder.name)
    assert {each["event"] for each in now["workloads"]} == {"60 B chat, reference"}
    for part in ("workloads", "queues", "history", "key", "samples"):
        assert before[part] == kept[part], part
    assert before["now"]
    assert not before["test"]["running"]
    assert (before["test"]["run"], before["test"]["users"]) == (first.folder.name, int(USERS["user_count"]))
    assert kept["test"]["users"] == int(USERS["user_count"])
    # A page that has the points gets no more of them.
    assert figures(locust, run=first.folder.name, key=kept["key"], since=kept["samples"])["history"] == []
    (row,) = now["runs"]
    assert (row["verdict"], row["code"], row["folder"]) == ("valid", 0, f"results/{first.folder.name}")
    assert row["has_figures"]
    assert locust.visitor().get("/wiretax/figures", query_string={"run": "nothing"}).status_code == 404
    locust.stop()


def test_a_page_that_comes_late_gets_the_whole_history(locust: Inside) -> None:
    locust.start()
    locust.until(lambda: figures(locust)["samples"] > 3)
    early = figures(locust)
    late = figures(locust)
    assert late["history"][: len(early["history"])] == early["history"]
    rest = figures(locust, key=early["key"], since=early["samples"])
    assert all(point[0] > early["history"][-1][0] for point in rest["history"])
    # Of another test, a page needs all.
    assert len(figures(locust, key="another", since=early["samples"])["history"]) >= len(early["history"])
    locust.stop()


def test_a_verdict_is_that_of_the_gates_if_there_are_any(folder: Path) -> None:
    gates = folder / "gates.toml"
    limit = 'schema = 1\n[[check]]\nid = "{}"\nmetric = "http.request.head.size"\nmax = {}\n'
    for most, verdict, tone, code in ((9_999, "gates passed", "good", 0), (1, "gates failed", "bad", 3)):
        gates.write_text(limit.format("head", most))
        with inside("--gates", str(gates), web=True, classes=[TriggerUser]) as locust:
            locust.start()
            locust.until(lambda inside=locust: figures(inside)["workloads"])
            locust.stop()
            row = figures(locust)["runs"][0]
        assert (row["verdict"], row["tone"], row["code"]) == (verdict, tone, code)
        assert row["checks"] == ("1 passed" if not code else "1 failed")


def test_the_pages_modules_are_served_and_nothing_else(locust: Inside) -> None:
    visitor = locust.visitor()
    page = visitor.get("/wiretax/")
    assert page.status_code == 200
    assert '<script type="module" src="live/live.js">' in page.text
    for name in MODULES:
        answer = visitor.get(f"/wiretax/live/{name}", buffered=True)
        assert answer.status_code == 200
        assert answer.mimetype == "text/javascript"
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert {*re.findall(r'from "\./([\w.]+)"', answer.text)} <= {*MODULES}
    for path in ("live/nothing.js", "live/..%2flive.html", "live/../routes.py", "live.html", "live/"):
        assert visitor.get(f"/wiretax/{path}").status_code == 404, path


def test_no_text_is_read_as_html_and_nothing_comes_from_elsewhere() -> None:
    for file in (STATIC / "live.html", STATIC / "live.css", *(STATIC / "live").iterdir()):
        text = file.read_text()
        assert not READS_HTML.search(text), file.name
        assert {*re.findall(r"https?://[^\s\"'`)]+", text)} <= {"http://www.w3.org/2000/svg"}, file.name


def test_short_slices_of_a_queue_are_all_in_its_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = [Workload.of(rate=2_000, publishers=2), Workload.of()]
    plan = replace(load_plan("quick"), workloads=tuple(sent), rounds=12, slice_s=0.1)
    monkeypatch.setattr("wiretax.load.drivers.locustfiles.locust_setup.load_plan", lambda *_: plan)
    # Samples are taken between slices only, when none is open.
    monkeypatch.setattr(Live, "every_s", 3600.0)
    monkeypatch.setattr("wiretax.load.drivers.locustfiles.web_sweep.SAMPLE_S", 0.0)
    with inside(web=True, classes=[TriggerUser]) as locust:
        locust.start(plan="quick")
        locust.until(lambda: locust.session.saved and not locust.session.is_running)
        shown = figures(locust)
        run = locust.newest
    place = shown["fields"]["queues"].index("acknowledged_per_second")
    rates = [point[2][sent[0].name][place] for point in shown["history"] if point[2]]
    lasted_s = run.queue["duration_s"].sum()
    measured = run.queue["acknowledged"].sum() / lasted_s
    # A point covers half a second of slices at least; what is left at the end makes none.
    assert len(rates) >= 0.5 * lasted_s / LEAST_S
    assert sum(rates) / len(rates) == pytest.approx(measured, rel=0.2)
