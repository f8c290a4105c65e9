"""What generators are told, and the versions they tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.peers import generators
from benchmarks.peers.job import CONNECTIONS, Job
from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.workload import Workload
from wiretax.load.plan.reading import load_plan

ENDPOINT = Endpoint("http", "127.0.0.1", 8080, DEMO)
BATCH = Workload.of("batch", 10, payload_bytes=1000)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(ENDPOINT, BATCH, tmp_path)


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("k6 v1.1.0 (go1.24.3, linux/amd64)", "1.1.0"),
        ("h2load nghttp2/1.52.0\n", "1.52.0"),
        ("wrk debian/4.1.0-3+b2 [epoll] Copyright (C) 2012 Will Glozer", "4.1.0"),
        ("0.1.4-2+b4", "0.1.4"),
        ("usage: ...", "unknown version"),
    ],
)
def test_the_version_is_found_in_what_a_program_says(said: str, version: str) -> None:
    assert generators.version_in(said) == version


def test_what_is_not_installed_has_no_version() -> None:
    assert generators.library("no-such-package-anywhere") == ""
    assert generators.program("no-such-program-anywhere") is None


def test_wiretax_gets_a_plan_of_the_one_workload(job: Job) -> None:
    plan = load_plan(str(job.plan_file()))
    assert [each.name for each in plan.workloads] == [BATCH.name]
    assert plan.users == CONNECTIONS


@pytest.mark.parametrize("command", [generators.hey_command, generators.h2load_command])
def test_a_fixed_request_is_posted_from_a_file(job: Job, command: object) -> None:
    assert callable(command)
    arguments = command(job)
    assert str(job.folder / "body.json") in arguments
    assert (job.folder / "body.json").read_bytes() == job.fixed_request()[1]
    assert "/batch_events?" in arguments[-1]


def test_own_settings_do_not_reach_a_generator(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K6_VUS", "3")
    monkeypatch.setenv("PUSHER_URL", "http://other:secret@host/apps/1")
    variables = job.environment()
    assert "K6_VUS" not in variables
    assert variables["PUSHER_URL"] == ENDPOINT.secret_url
    assert variables["BENCH_BATCH_SIZE"] == "10"


def test_only_those_that_repeat_a_request_do_not_sign() -> None:
    assert [each.name for each in generators.peers() if not each.signs] == ["hey", "h2load", "wrk"]
