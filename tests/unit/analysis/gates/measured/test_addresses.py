"""A gate's result does not depend on the endpoint: neither on the port nor on the lengths of host, app id and key.

The model renders runs for several endpoints; the project's gates must give the same result for all of them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from judged import META, gates_of, run_of
from saved import rendered

from analysis.gates.baseline.gates import Gates, load_gates
from analysis.gates.evaluation.acceptance import accept_run
from analysis.gates.evaluation.evaluate import evaluate
from analysis.gates.evaluation.result import GateResult
from analysis.gates.measured.addresses import Views
from analysis.gates.measured.metrics import METRICS
from analysis.gates.outputs.markdown import summary_md
from wiretax.channels.endpoint import Credentials, Endpoint
from wiretax.channels.request.address import STANDARD, Address
from wiretax.channels.request.sizes import LOOPBACK
from wiretax.channels.workload import Workload
from wiretax.load.plan.reading import load_plan
from wiretax.runs.reader import Run

ROOT = Path(__file__).parents[5]
SHORT = replace(LOOPBACK, port=6701)
ENDPOINTS = [
    SHORT,
    replace(LOOPBACK, port=80),
    replace(LOOPBACK, app=Credentials("1", "key", "secret")),
    Endpoint("http", "soketi.test.internal", 6001, Credentials("a-long-app-id", "k" * 40, "s")),
    Endpoint("http", "::1", 80, LOOPBACK.app),
]
# Ruby names a default port; how each client writes a head is for test_address.
CLIENTS = ("reference", "python", "ruby")
WORKLOADS = [Workload.of(client=client) for client in CLIENTS] + [
    Workload.of("batch", 10, client=client) for client in CLIENTS
]
EXACTLY = 'baseline = "b.json"\nmax_increase = { abs = 0 }\nmax_decrease = { abs = 0 }\n'
PAIR = 'compare = {{ of = {{ api = "batch" }}, to = {{ api = "trigger" }}, as = "{}" }}\n'
# All that is exact, for every workload without a queue, and of two of them the ratio and the difference.
EXACT = "".join(
    f'[[check]]\nid = "{name}"\nmetric = "{name}"\n{EXACTLY}'
    for name, metric in METRICS.items()
    if metric.kind == "deterministic" and metric.queue is None
) + "".join(
    f'[[check]]\nid = "{form}"\nmetric = "{name}"\n{EXACTLY}{PAIR.format(form)}'
    for name, form in (("http.request.size", "ratio"), ("overhead_factor", "difference"))
)


# What a longer header field makes larger.
GROWN = {
    "http.request.size",
    "http.request.size.per_event",
    "http.request.head.size",
    "http.request.headers.size.per_event",
    "overhead_factor",
    "saving",
}


def addresses(endpoint: Endpoint) -> list[dict[str, Any]]:
    return [{"server": "endpoint", "tls": False, "rtt_s": None, **asdict(Address.of(endpoint))}]


def sent_to(endpoint: Endpoint, workloads: list[Workload], rounds: int = 6, **meta: Any) -> Run:
    """A run whose requests are rendered for an endpoint."""
    frame = rendered(workloads, rounds, endpoint=endpoint)
    return run_of(
        frame, **{"endpoint": endpoint.public_url, "addresses": addresses(endpoint), "profiles": {}, **meta}
    )


def found(result: GateResult) -> list[tuple[str, str | None, str, str | None]]:
    return [(case.check, case.workload, case.verdict, case.exact) for case in result.cases]


def without(run: Run, key: str) -> Run:
    """The run as an older version would have saved it."""
    return replace(run, meta={name: value for name, value in run.meta.items() if name != key})


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: each.full_authority)
def test_the_projects_gate_gives_the_same_result_at_any_endpoint(endpoint: Endpoint) -> None:
    workloads, gates = list(load_plan("ci").workloads), load_gates(ROOT / "gates.toml")
    here = evaluate(sent_to(LOOPBACK, workloads), gates)
    assert {case.verdict for case in here.cases if METRICS[case.metric].names_endpoint} == {"pass"}
    there = evaluate(sent_to(endpoint, workloads), gates)
    assert found(there) == found(here)
    assert not here.notes
    assert there.notes == (
        f"request sizes are normalised to {STANDARD}, so that they compare across endpoints; "
        f"this run has {Address.of(endpoint)}",
    )


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: each.full_authority)
def test_every_exact_value_is_the_same_at_any_endpoint(tmp_path: Path, endpoint: Endpoint) -> None:
    gates = accepted(tmp_path, sent_to(LOOPBACK, WORKLOADS, 1))
    result = evaluate(sent_to(endpoint, WORKLOADS, 1), gates)
    assert result.counts == {"pass": len(result.cases)}
    assert {case.metric for case in result.cases} >= {"saving", "overhead_factor", "http.request.size"}
    # A byte more is seen there as well.
    frame = rendered(WORKLOADS, 1, endpoint=endpoint)
    longer = frame.assign(header_bytes=frame["header_bytes"] + frame["requests"])
    worse = evaluate(run_of(longer, addresses=addresses(endpoint), profiles={}), gates)
    assert {case.verdict for case in worse.cases if case.metric in GROWN} == {"fail"}
    assert {case.verdict for case in worse.cases if case.metric not in GROWN} == {"pass"}


def accepted(folder: Path, run: Run) -> Gates:
    (folder / "gates.toml").write_text("schema = 1\n" + EXACT)
    accept_run(run, load_gates(folder / "gates.toml", accepting=True))
    return load_gates(folder / "gates.toml")


def test_accepted_values_are_written_for_the_standard_address(tmp_path: Path) -> None:
    files = []
    for endpoint in (LOOPBACK, *ENDPOINTS):
        accepted(tmp_path, sent_to(endpoint, WORKLOADS, 1))
        values = json.loads((tmp_path / "b.json").read_text())["accepted"]
        for each in values:
            assert each.pop("host").startswith("http://")
            named = METRICS[each["metric"]].names_endpoint
            assert each.get("address") == (asdict(STANDARD) if named else None)
        files.append(values)
    assert files[0]
    assert all(values == files[0] for values in files)


def test_two_servers_of_one_run_are_compared_as_if_at_the_same_address() -> None:
    workload = Workload.of("batch", 10)
    frames = [
        rendered([workload.replace(server=server)], 1, endpoint=endpoint)
        for server, endpoint in (("endpoint", LOOPBACK), ("against", ENDPOINTS[3]))
    ]
    both = [addresses(LOOPBACK)[0], {**addresses(ENDPOINTS[3])[0], "server": "against"}]
    run = run_of(pd.concat(frames, ignore_index=True), addresses=both, against=ENDPOINTS[3].public_url)
    gates = gates_of(
        '[[check]]\nid = "same"\nmetric = "http.request.size"\nmin = 0\nmax = 0\n'
        'compare = { of = { server = "against" }, to = { server = "endpoint" }, as = "difference" }\n'
    )
    assert evaluate(run, gates).exit_code == 0


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: each.full_authority)
def test_the_address_of_an_older_run_is_derived(endpoint: Endpoint) -> None:
    run = without(sent_to(endpoint, WORKLOADS, 1), "addresses")
    found = Views(run).addresses.find({"server": "endpoint", "tls": False})
    assert found == Address.of(endpoint)


def test_an_older_recording_without_addresses_is_compared_as_sent(tmp_path: Path) -> None:
    gates = accepted(tmp_path, sent_to(LOOPBACK, WORKLOADS, 1))
    run = without(sent_to(SHORT, WORKLOADS, 1, observed={}), "addresses")
    result = evaluate(run, gates)
    case = next(each for each in result.cases if each.check == "http.request.size")
    assert case.verdict == "fail"
    assert case.message.endswith(
        ": this run lacks the lengths of Host, app id and key, so it is compared as sent; measure again"
    )


def test_an_older_baseline_works_and_says_what_it_lacks(tmp_path: Path) -> None:
    accepted(tmp_path, sent_to(LOOPBACK, WORKLOADS, 1))
    file = tmp_path / "b.json"
    old = json.loads(file.read_text())
    for each in old["accepted"]:
        each.pop("address", None)
        each.pop("server", None)
    file.write_text(json.dumps(old))
    gates = load_gates(tmp_path / "gates.toml")
    assert evaluate(sent_to(LOOPBACK, WORKLOADS, 1), gates).exit_code == 0
    result = evaluate(sent_to(SHORT, WORKLOADS, 1), gates)
    failed = [case for case in result.cases if case.verdict == "fail"]
    assert failed
    for case in failed:
        assert METRICS[case.metric].names_endpoint
        assert "\n" not in case.message
        assert case.message.endswith(
            ": the baseline lacks the lengths of Host, app id and key, which may be the difference; look at it, "
            "then wiretax gate --accept"
        )


def test_a_different_response_size_names_the_server_of_the_baseline(tmp_path: Path) -> None:
    gates = accepted(tmp_path, sent_to(LOOPBACK, WORKLOADS[:1], 1))
    soketi = sent_to(ENDPOINTS[3], WORKLOADS[:1], 1, mock=None)
    soketi = replace(soketi, slices=soketi.slices.assign(response_head_bytes=soketi.slices["requests"] * 90))
    [case] = [each for each in evaluate(soketi, gates).cases if each.check == "http.response.size"]
    assert case.message == (
        "92 B, exactly 72 (accepted 72): accepted from wiretax mock, this is http://soketi.test.internal:PORT, "
        "which answers in its own way; keep a baseline for each"
    )
    # A mock that runs elsewhere is the same server.
    reconcile = {**META["reconcile"], "server": {"requests": 1}}
    mock = sent_to(SHORT, WORKLOADS[:1], 1, mock=None, reconcile=reconcile)
    mock = replace(mock, slices=soketi.slices)
    [case] = [each for each in evaluate(mock, gates).cases if each.check == "http.response.size"]
    assert case.message == "92 B, exactly 72 (accepted 72)"


def test_http2_sizes_are_compared_at_one_address_only(tmp_path: Path) -> None:
    text = (
        '[[check]]\nid = "c"\nmetric = "http.request.size"\nbaseline = "h2.json"\nmax_increase = { abs = 0 }\n'
        'where = { http = "2" }\n'
    )
    (tmp_path / "gates.toml").write_text("schema = 1\n" + text)

    def run(endpoint: Endpoint) -> Run:
        made = sent_to(endpoint, [Workload.of()], 6)
        return replace(made, slices=made.slices.assign(http="2"))

    accept_run(run(SHORT), load_gates(tmp_path / "gates.toml", accepting=True))
    gates = load_gates(tmp_path / "gates.toml")
    assert evaluate(run(SHORT), gates).counts == {"pass": 1}
    [case] = evaluate(run(replace(LOOPBACK, port=600)), gates).cases
    assert (case.verdict, case.message) == (
        "skipped",
        f"accepted for another endpoint: {Address.of(SHORT)}; here: {Address.of(replace(LOOPBACK, port=600))}; "
        "HTTP/2's sizes depend on them",
    )


def test_the_summary_names_the_address_for_which_sizes_are_stated() -> None:
    gates = load_gates(ROOT / "gates.toml")
    summary = summary_md(evaluate(sent_to(SHORT, list(load_plan("ci").workloads)), gates)).decode()
    assert "\n- request sizes are normalised to Host 15 B, app id 6 B, key 20 B, so that " in summary


def test_cable_bytes_are_stated_for_the_standard_address_too() -> None:
    here, there = (
        Views(replace(run, slices=run.slices.assign(segments_out=3_000, segments_in=2_000, boundary_requests=7)))
        .at(STANDARD)
        .counts("trigger-100B-chat-ruby")["carried_bytes"]
        for run in (sent_to(each, [Workload.of(client="ruby")], 1) for each in (LOOPBACK, SHORT))
    )
    # Those of requests that began in the slice before are moved by what they hold of it, too.
    assert here - there == -7
