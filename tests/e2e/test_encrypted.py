"""Encrypted events through ``wiretax run``: bytes that all four counts agree on, as a separate layer."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from commands import environment
from saved_runs import assert_agrees, saved
from warm import run_warm

from analysis.findings.claims import claims
from analysis.measures.event_bytes import bytes_per_event
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.limits import Limits
from wiretax.channels.master_key import VARIABLE
from wiretax.channels.request.sizes import request_sizes
from wiretax.channels.workload import Workload
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock

PLAN = """\
schema = 1
name = "secret"
rounds = 2
slice = "20ms"
users = 2
[[workload]]
api = "trigger"
client = ["reference", "php"]
encrypted = [false, true]
[[workload]]
api = "batch"
batch_size = 10
client = "python"
encrypted = true
[[workload]]
api = "batch"
batch_size = 10
encrypted = true
rate = "4000/s"
"""
KEY = bytes(range(200, 232))


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, str, Endpoint]:
    """A run of the plan, what was printed, and the mock."""
    folder = tmp_path_factory.mktemp("encrypted")
    (folder / "secret.toml").write_text(PLAN)
    with embedded_mock(Limits(), CostModel()) as mock:
        env = environment(PUSHER_URL=mock.secret_url, **{VARIABLE: b64encode(KEY).decode()})
        done = run_warm("wiretax", "run", "secret.toml", cwd=folder, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    return saved(folder), done.stdout + done.stderr, mock


def test_the_four_counts_agree_although_phps_bodies_differ_in_length(
    measured: tuple[Any, str, Endpoint],
) -> None:
    run, said, mock = measured
    assert_agrees(run)
    assert "trigger, encrypted" in said
    cost = bytes_per_event(run.slices)
    for client in ("reference", "php"):
        for encrypted in (False, True):
            workload = Workload.of(client=client, encrypted=encrypted)
            sizes, row = request_sizes(workload, mock), cost.loc[workload.name]
            assert (row["payload"], row["headers"]) == (100, sizes.headers)
            body = row[["payload", "encryption", "envelope"]].sum()
            if client == "reference" or not encrypted:
                assert (body, row["encryption"]) == (sizes.body, sizes.encryption)
    # As many as the slashes in base64, which a library writes as two bytes in the data and as four in the body.
    php, sizes = (
        cost.loc[Workload.of(client="php", encrypted=True).name],
        request_sizes(Workload.of(client="php", encrypted=True, payload_bytes=100), mock),
    )
    slashes = php["encryption"] - sizes.encryption
    assert php["payload"] + php["encryption"] + php["envelope"] - sizes.body == pytest.approx(3 * slashes)


def test_a_queue_counts_the_layer_too(measured: tuple[Any, str, Endpoint]) -> None:
    run, _, _ = measured
    queued = run.queued[run.queued["encrypted"]]
    event = request_sizes(Workload.of(encrypted=True)).encryption
    assert len(queued)
    assert (queued["encryption_bytes"] == event * queued["events"]).all()


def test_the_master_key_is_in_no_file_and_no_line(measured: tuple[Any, str, Endpoint]) -> None:
    run, said, _ = measured
    kept = "".join(file.read_bytes().decode("latin-1") for file in run.folder.rglob("*") if file.is_file()) + said
    shown = (b64encode(KEY).decode(), KEY.hex(), repr(KEY), KEY.decode("latin-1"), json.dumps(list(KEY)))
    assert not [each for each in shown if each in kept]


def test_the_claim_has_the_figures_of_the_run(measured: tuple[Any, str, Endpoint]) -> None:
    run, _, mock = measured
    claim = claims(run.slices)[-1]
    cost = request_sizes(Workload.of(encrypted=True), mock).sent
    assert claim.claim == f"An encrypted event of 100 B costs {cost} B."
    assert claim.measured.startswith(f"{cost} B, 132 B (")


@pytest.mark.parametrize(
    ("workload", "variables", "says"),
    [
        ('api = "trigger"\nclient = "curl"', {}, "client curl has no encryption"),
        (
            'api = "multi_trigger"\nchannels = 2\nclient = "go"',
            {},
            "(client go) encrypts an event for one channel",
        ),
        ('api = "trigger"', {VARIABLE: "c2hvcnQ="}, f"{VARIABLE} has 5 bytes, expected 32"),
    ],
)
def test_what_can_not_be_encrypted_is_refused_in_one_line_before_anything_is_sent(
    workload: str, variables: dict[str, str], says: str, tmp_path: Path
) -> None:
    (tmp_path / "secret.toml").write_text(f'schema = 1\nname = "s"\n[[workload]]\n{workload}\nencrypted = true\n')
    # Nothing listens there.
    env = environment(PUSHER_URL="http://k:s@127.0.0.1:1/apps/1", **variables)
    done = run_warm("wiretax", "run", "secret.toml", cwd=tmp_path, env=env)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert says in line
    assert not (tmp_path / "results").exists()
