"""The bytes of a call and an event: recovered from simulated runs, and exact on rendered requests."""

from __future__ import annotations

import math

import pytest
from saved import Costs, made_up, rendered

from analysis.models.cost_model import fit_bytes, sent_per_event
from wiretax.channels.profiles import profile_names
from wiretax.channels.request.sizes import request_sizes
from wiretax.channels.workload import Workload

TRIGGER = Workload.of()
SIZES = (2, 5, 10, 50)
STRANGER = [
    call.replace(payload_bytes=size, client="a stranger")
    for size in (10, 100, 1000)
    for call in (TRIGGER, *(Workload.of("batch", events) for events in SIZES))
]


def test_recovers_the_bytes_of_a_call_and_an_event() -> None:
    fit = fit_bytes(made_up(Costs(), STRANGER)).set_index(["api", "payload_bytes"])
    for size in (10, 100, 1000):
        batch = fit.loc["batch", size]
        assert batch[["call_bytes", "envelope_bytes", "escape_factor"]].tolist() == pytest.approx([322, 60, 1.5])
        assert batch["event_bytes"] == pytest.approx(60 + 1.5 * size)
        assert batch["residual"] == 0
        assert batch["batch_sizes"] == "2, 5, 10, 50"
        trigger = fit.loc["trigger", size]
        assert trigger[["call_bytes", "envelope_bytes", "residual"]].tolist() == pytest.approx([305, 60, 0])
    assert fit.loc[("batch", 100), "digits"] == "3 to 5"


@pytest.mark.parametrize("client", profile_names())
def test_the_model_is_exact_for_every_library(client: str) -> None:
    calls = [TRIGGER, Workload.of("batch", 2), Workload.of("batch", 10), Workload.of("batch", 30)]
    fit = fit_bytes(
        rendered([call.replace(client=client, payload_bytes=size) for size in (100, 1000) for call in calls])
    )
    assert fit["residual"].tolist() == [0, 0, 0, 0]
    assert (fit["escape_factor"] >= 1).all()
    # Its own line says the same of a size that was not measured.
    row = fit[(fit["api"] == "batch") & (fit["payload_bytes"] == 100)].iloc[0]
    other = request_sizes(Workload.of("batch", 70, client=client))
    assert sent_per_event(row, 70) == pytest.approx(other.sent / 70)


def test_one_batch_size_is_split_by_the_profile() -> None:
    only = fit_bytes(rendered([Workload.of("batch", 10)])).iloc[0]
    many = fit_bytes(rendered([Workload.of("batch", events) for events in SIZES])).iloc[0]
    assert only["call_bytes"] == many["call_bytes"]
    assert only["residual"] == 0


def test_one_batch_size_of_an_unknown_client_is_not_split() -> None:
    only = fit_bytes(made_up(Costs(), [Workload.of("batch", 10, client="a stranger")])).iloc[0]
    assert math.isnan(only["call_bytes"])


def test_a_nonlinear_body_leaves_a_residual() -> None:
    frame = made_up(Costs(), [Workload.of("batch", events) for events in SIZES], rounds=1)
    frame.loc[0, "body_bytes"] += 7 * frame.loc[0, "requests"]
    assert fit_bytes(frame)["residual"].max() > 1
