"""Locust's web UI with the scenarios: the tests it starts, the runs they leave, and what its form refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from chromium import ARTEFACTS, seen_by
from commands import url_of
from web_ui import USERS, Site, site

from wiretax.channels.limits import Limits
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock
from wiretax.runs.provenance.source import NO_SOURCE
from wiretax.runs.reader import read_run

# Users wait for an answer most of the time, instead of keeping both cores busy.
RTT_S = 0.004


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A web UI without an endpoint."""
    with site(tmp_path_factory.mktemp("web")) as made:
        yield made


@pytest.fixture(scope="module")
def distant() -> Iterator[str]:
    """An endpoint with a round trip."""
    with embedded_mock(Limits(), CostModel(rtt=RTT_S)) as mock:
        yield url_of(mock)


def test_the_form_in_a_browser(shared: Site) -> None:
    seen = seen_by("visit_form.py", shared.address, ARTEFACTS, timeout_s=240)
    run = read_run(shared.runs[0])

    # The way to the live page covers nothing, whatever is shown.
    assert len(seen["bars"]) == 9
    for page, widths in seen["bars"].items():
        assert widths == dict.fromkeys(widths, True), page
    assert seen["classes"] == ["TriggerUser", "BatchUser"]
    assert seen["groups"] == ["What to send", "Where", "How much"]
    assert seen["nameless"] == []
    assert seen["free"][:3] == ["plan", "user_classes", "payload_bytes"]
    assert not {"channels", "rate", "rounds", "yes"} & set(seen["free"])
    assert {"rate", "linger", "arrivals", "batch_size"} <= set(seen["queue"])
    assert {"rounds", "only", "skip", "endpoint", "user_count"} <= set(seen["plan"])
    assert not {"payload_bytes", "client", "rate", "user_classes"} & set(seen["plan"])

    message = "Payload: 0; allowed: 9 to 10,240 bytes for data of kind chat"
    assert seen["payload"] == [message, "payload_bytes", ["payload_bytes"], "payload_bytes"]
    assert seen["is_cleared"]
    assert seen["folded"][0].startswith("Channel name: 'two words'")
    assert seen["folded"][1:] == ["channel", ["channel"], "channel"]
    message = "User classes: none chosen; allowed: one or more"
    assert seen["no_class"] == [message, "user_classes", ["user_classes"], "user_classes"]
    assert (seen["asks_at_first"], seen["asks_at_last"]) == (False, False)
    assert "Up to 2,500 messages go to 192.0.2.1." in seen["consent"]
    assert seen["remote"][0].startswith(
        "Endpoint: https://192.0.2.1/apps/1 is not on this machine; check “Consent"
    )
    assert seen["remote"][1:] == ["yes", ["yes"], "yes"]

    assert set(run.slices["api"]) == {"trigger"}
    assert run.meta["plan"]["name"] == "quick"
    assert run.meta["options"]["rounds"] == 2
    assert seen["file"] == f"{run.folder.name}-slices.parquet"
    assert seen["runs"].split() == [run.folder.name, "valid" if run.meta["valid"] else "invalid"]
    assert seen["files_width"] <= 390
    assert seen["locusts"] == "2"
    assert seen["without_script"]


def test_tests_one_after_the_other_leave_a_run_each_and_a_reset_starts_the_figures_anew(
    shared: Site, distant: str
) -> None:
    before = len(shared.runs)
    first = shared.start(plan="none", payload_bytes="50", endpoint=distant)
    shared.http.post("/stats/reset").raise_for_status()
    anew = shared.wait_until(lambda found: found["key"] != first["key"] and found["workloads"])
    assert anew["samples"] <= 2
    shared.post("/stop")
    shared.start(payload_bytes="60", endpoint=distant)
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


def test_a_plan_is_swept_to_its_end_with_the_users_of_the_form(shared: Site, distant: str) -> None:
    going = shared.start(plan="ci", payload_bytes="100", endpoint=distant)
    assert going["test"]["plan"] == "ci"
    assert 0 < going["test"]["progress"][1] < 1
    refused = shared.post("/swarm", user_count="5", spawn_rate="5")
    assert "swept with 4 users to its end" in refused["message"]
    ended = shared.wait_until(lambda found: found["runs"] and found["runs"] != going["runs"])
    name = ended["runs"][0]["name"]
    run = read_run(shared.folder / "results" / name)
    assert not ended["test"]["running"]
    assert run.meta["valid"], run.meta["invalid_because"]
    assert 12 <= run.meta["rounds_measured"] <= 24
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
    # As any other run has them.
    assert run.meta["labels"] == {}
    assert run.meta["source"].keys() == NO_SOURCE.as_dict().keys()
    assert run.meta["headline"]["trigger"]["sent_per_event"] > 0


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


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"batch_size": "11"}, "Events per call: 11; allowed: 1 to 10"),
        ({"payload_bytes": "3"}, "Payload: 3; allowed: 9 to 10,240 bytes for data of kind chat"),
        ({"client": "pyton"}, "did you mean python?"),
        ({"plan": "quick", "user_count": "0"}, "Number of users: 0; allowed: 1 or more with a plan"),
        ({"insecure": "true"}, "go with an https:// “Endpoint”"),
        ({"endpoint": "http://127.0.0.1/apps/1"}, "lacks the key or the secret"),
        ({"endpoint": "http://k:hidden@127.0.0.1:1/apps/1"}, "nothing listens at http://127.0.0.1:1/apps/1"),
        ({"endpoint": "http://k:hidden@192.0.2.1/apps/1"}, "check “Consent to send to another machine”"),
        ({"host": "http://k:hidden@127.0.0.1"}, "give the endpoint with “Endpoint”"),
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


def test_what_the_server_rejects_is_said_in_the_form_or_left_out_of_a_plan(shared: Site, distant: str) -> None:
    large = {**USERS, "endpoint": distant, "plan": "none", "batch_size": "20", "max_batch_size": "20"}
    refused = shared.post("/swarm", **large)
    assert refused["message"] == (
        "nothing was started, batch20-100B-chat-reference is rejected: the endpoint answered 400: 20 events "
        "in one batch, expected 1 to 10"
    )
    unknown = shared.post("/swarm", **{**large, "endpoint": distant.replace("/apps/", "/apps/7")})
    assert "check app id, key and secret" in unknown["message"]
    # Who sends no batches is not in their way.
    shared.start(**{**large, "user_classes": "TriggerUser"})
    shared.post("/stop")
    shared.start(endpoint=distant, plan="headline")
    going = shared.wait_until(lambda found: any(each["sent_as"] == "batch of 10" for each in found["workloads"]))
    shared.post("/stop")
    alone, plan = (read_run(folder) for folder in reversed(shared.runs[:2]))
    assert set(alone.slices["api"]) == {"trigger"}
    assert plan.meta["valid"], plan.meta["invalid_because"]
    assert {row["batch_size"] for row in plan.meta["skipped"]} == {20, 50, 100}
    assert plan.slices["batch_size"].max() == 10
    # The live page said so, too.
    assert any("was skipped: the endpoint answered 400" in each for each in going["test"]["skipped"])
    said = [warning for warning in plan.meta["warnings"] if "was skipped: the endpoint answered 400" in warning]
    assert len(said) == len(plan.meta["skipped"])


def test_a_report_has_to_be_of_a_run_that_is_there(shared: Site) -> None:
    assert shared.http.get("/wiretax/runs/nothing/").status_code == 404
    assert shared.http.get("/wiretax/runs/..%2f..%2fetc/").status_code == 404
    assert shared.post("/wiretax/runs/nothing/make")["state"] == "failed"
