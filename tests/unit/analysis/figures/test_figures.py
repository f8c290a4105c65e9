"""All figures on all kinds of runs: each is drawn, or names the plan that would measure it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from drawn import BATCH, SWEEP, TRIGGER, counted
from saved import Costs, made_up, record, slice_, slices_frame
from shared_connections import shared

from analysis.figures import (
    Absent,
    Drawing,
    bytes_by_batch_size,
    connections,
    gain_by_batch_size,
    heads_by_client,
    latency_distributions,
    layer_waterfall,
    overhead_by_payload,
)
from analysis.measures.layers import KERNEL
from wiretax.runs.files.schema import LATENCY, SLICES


def silent() -> pd.DataFrame:
    return slices_frame(record(slice_(TRIGGER, 0, 0), slice_(BATCH, 0, 0)))


def unacknowledged() -> pd.DataFrame:
    return silent().assign(requests=5, failures=5, unfinished_sent_bytes=900)


def one_round() -> pd.DataFrame:
    return made_up(Costs(), SWEEP, rounds=1)


def uncounted() -> pd.DataFrame:
    frame = slices_frame(record(shared(100), shared(0), shared(10)))
    return frame.assign(**dict.fromkeys(KERNEL, np.nan))


def without_reference() -> pd.DataFrame:
    return one_round().assign(client="python")


def observed() -> pd.DataFrame:
    return one_round().assign(client="unknown", payload_kind="observed")


def old() -> pd.DataFrame:
    frame = one_round()
    late = ("tls_", "framing_")
    return frame.drop(columns=[name for name in frame if name.startswith(late) or name == "calls_per_connection"])


def http2() -> pd.DataFrame:
    return one_round().assign(http="2", client="httpx-library", tls=True)


def free_batch() -> pd.DataFrame:
    """Batches of which an event takes no time at all, so that the gain has no limit."""
    return made_up(Costs(event_s=0.0), [TRIGGER, BATCH], rounds=6, spread=0.05)


def two_clients() -> pd.DataFrame:
    return slices_frame(record(*(counted(TRIGGER.replace(client=client)) for client in ("reference", "node"))))


def shared_by_calls() -> pd.DataFrame:
    return slices_frame(record(shared(0), shared(10), shared(0, connection="close")))


FRAMES = [
    one_round,
    uncounted,
    without_reference,
    observed,
    old,
    http2,
    free_batch,
    two_clients,
    shared_by_calls,
]
FIGURES: list[Callable[[pd.DataFrame], Drawing | Absent]] = [
    layer_waterfall,
    bytes_by_batch_size,
    overhead_by_payload,
    gain_by_batch_size,
    heads_by_client,
    connections,
]


SWEPT = {"one_round", "without_reference", "old", "http2"}
# The frames of which each figure is drawn; the others lack what it compares.
DRAWN = {
    "layer_waterfall": {made.__name__ for made in FRAMES},
    "bytes_by_batch_size": {*SWEPT, "observed", "free_batch"},
    "overhead_by_payload": {*SWEPT, "observed"},
    "gain_by_batch_size": {*SWEPT, "free_batch"},
    "heads_by_client": {"two_clients"},
    "connections": {"shared_by_calls"},
}


@pytest.mark.parametrize("made", FRAMES)
@pytest.mark.parametrize("figure", FIGURES)
def test_valid_data_gives_a_figure_or_a_reason(
    figure: Callable[[pd.DataFrame], Drawing | Absent], made: Callable[[], pd.DataFrame]
) -> None:
    result = figure(made())
    assert isinstance(result, Drawing) == (made.__name__ in DRAWN[figure.__name__])
    assert isinstance(result, Absent) or result.png().startswith(b"\x89PNG")


@pytest.mark.parametrize("made", [silent, unacknowledged, SLICES.empty_table().to_pandas, pd.DataFrame])
@pytest.mark.parametrize("figure", FIGURES)
def test_a_run_that_measured_nothing_has_no_figures(
    figure: Callable[[pd.DataFrame], Drawing | Absent], made: Callable[[], pd.DataFrame]
) -> None:
    result = figure(made())
    assert isinstance(result, Absent)
    assert "wiretax run" in str(result)


@pytest.mark.parametrize("made", [*FRAMES, SLICES.empty_table().to_pandas, pd.DataFrame])
@pytest.mark.parametrize("kept", [LATENCY, pa.schema([])])
def test_without_latencies_there_is_no_distribution(made: Callable[[], pd.DataFrame], kept: pa.Schema) -> None:
    assert isinstance(latency_distributions(kept.empty_table().to_pandas(), made()), Absent)


def test_a_missing_comparison_names_the_plan_that_measures_it() -> None:
    slices = slices_frame(record(slice_(TRIGGER, 0, 10)))
    declined = {each.__name__: str(each(slices)) for each in FIGURES[1:]}
    assert declined == {
        "bytes_by_batch_size": "No figure here: no two workloads of this run differ only in batch size; "
        "wiretax run headline measures it.",
        "overhead_by_payload": "No figure here: no two workloads of this run differ only in payload; "
        "wiretax run headline measures it.",
        "gain_by_batch_size": "No figure here: no batch of this run has a trigger to compare it with; "
        "wiretax run headline measures it.",
        "heads_by_client": "No figure here: fewer than two clients sent a trigger in this run; "
        "wiretax run clients measures it.",
        "connections": "No figure here: no two workloads of this run differ only in calls per connection; "
        "wiretax run connections measures it.",
    }
