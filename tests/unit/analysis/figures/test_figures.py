"""What figures show: the data of a run, found again in what was drawn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from saved import Costs, kernel, latency_frame, made_up, record, slice_, slices_frame
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
from analysis.figures.distributions import LOWER_BOUND_MARKER
from analysis.figures.payloads import payload_at_factor
from analysis.figures.style import LAYER_COLOURS, STROKES, apart, spread, text_on
from analysis.measures.event_bytes import bytes_per_event
from analysis.measures.latency import percentiles
from analysis.measures.layers import KERNEL
from analysis.measures.summary import summarise
from analysis.models.call_time import fit_time, gain_curve
from analysis.text.numbers import short
from wiretax.channels.workload import Workload
from wiretax.runs.schema import LATENCY, SLICES
from wiretax.wire.counters import TlsCounters
from wiretax.wire.slices import Slice

TRIGGER = Workload.of("trigger")
BATCH = Workload.of("batch", 10)
SWEEP = [
    Workload.of(api, size, payload_bytes=payload)  # type: ignore[arg-type]
    for payload in (10, 100, 1000)
    for api, size in (("trigger", 1), ("batch", 2), ("batch", 5), ("batch", 10))
]


def counted(workload: Workload, round_: int = 0) -> Slice:
    """A slice of ten calls whose segments the kernel counted: two each way a call."""
    made = slice_(workload, round_, 10)
    made.tcp = kernel(20, 20)
    return made


def drawn(figure: Drawing | Absent) -> Drawing:
    assert isinstance(figure, Drawing), str(figure)
    return figure


def texts(figure: Drawing) -> list[str]:
    """All words of a figure, its axes' and its title's among them."""
    found = [figure.figure.get_suptitle()]
    for axes in figure.figure.axes:
        found += [axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel()]
        found += [each.get_text() for each in axes.texts]
        found += [each.get_text() for each in axes.get_yticklabels()]
        legend = axes.get_legend()
        found += [each.get_text() for each in legend.get_texts()] if legend else []
    return found


def bars(axes: Axes) -> dict[str, list[Rectangle]]:
    """Bars by label, in the order they were drawn."""
    found: dict[str, list[Rectangle]] = {}
    for container in axes.containers:
        label = str(container.get_label())
        found.setdefault(label, []).extend(each for each in container if isinstance(each, Rectangle))
    return found


def line(axes: Axes, label: str) -> tuple[list[float], list[float]]:
    """The points of a labelled line."""
    [found] = [each for each in axes.lines if each.get_label() == label]
    return np.asarray(found.get_xdata()).tolist(), np.asarray(found.get_ydata()).tolist()


def test_the_waterfall_climbs_layer_by_layer_to_the_cable() -> None:
    slices = slices_frame(record(counted(TRIGGER), counted(Workload.of("batch", 5)), counted(BATCH)))
    figure = drawn(layer_waterfall(slices))
    alone, together = figure.figure.axes
    assert (alone.get_title(loc="left"), together.get_title(loc="left")) == ("trigger", "batch of 10")
    steps = {label: (bar.get_x(), bar.get_width()) for label, [bar] in bars(alone).items()}
    assert steps == {
        "payload": (0, 100),
        "envelope": (100, 50),
        "request line": (150, 35),
        "auth query": (185, 195),
        "headers": (380, 70),
        "sent (HTTP)": (0, 450),
        "TCP/IP, sent": (450, 104),
        "response head": (554, 70),
        "response body": (624, 2),
        "TCP/IP, received": (626, 104),
        "on the cable": (0, 730),
    }
    sizes = {label: bar.get_width() for label, [bar] in bars(together).items()}
    assert sizes["auth query"] == 19.5
    assert sizes["on the cable"] == pytest.approx(bytes_per_event(slices).at[BATCH.name, "cable"])
    assert alone.get_xlim() == together.get_xlim()
    assert {"450", "195", "19.5", "730"} <= set(texts(figure))
    assert figure.title == "An event of 100 B: 730 B on the cable by itself, 163 B in a batch of 10."


def test_layers_of_tls_are_in_the_waterfall_where_there_are_any() -> None:
    made = counted(Workload.of(tls=True))
    made.tls = TlsCounters(220, 220, 0, 0)
    figure = drawn(layer_waterfall(slices_frame(record(made))))
    [axes] = figure.figure.axes
    assert [bar.get_width() for label in ("TLS, sent", "TLS, received") for bar in bars(axes)[label]] == [22, 22]
    assert "TLS" in figure.title


def test_without_the_kernels_count_the_waterfall_ends_with_what_was_sent() -> None:
    slices = slices_frame(record(counted(TRIGGER), counted(BATCH))).assign(**dict.fromkeys(KERNEL, np.nan))
    figure = drawn(layer_waterfall(slices))
    assert list(bars(figure.figure.axes[0]))[-1] == "sent (HTTP)"
    assert "the kernel kept no count" in figure.caption


def test_what_failed_calls_cost_is_a_step_of_its_own() -> None:
    failing = slice_(TRIGGER, 0, 10, unfinished_sent_bytes=450)
    figure = drawn(layer_waterfall(slices_frame(record(failing))))
    [bar] = bars(figure.figure.axes[0])["failed calls, sent"]
    assert bar.get_width() == 45


def test_bytes_fall_with_batch_size_to_the_models_limit() -> None:
    costs = Costs()
    slices = made_up(costs, SWEEP)
    figure = drawn(bytes_by_batch_size(slices))
    [axes] = figure.figure.axes
    sent = bytes_per_event(slices)["sent"]
    for payload in (10, 100, 1000):
        mine = [each for each in SWEEP if each.payload.bytes == payload]
        sizes, heights = line(axes, f"{payload:,} B")
        assert sizes == [each.call.batch_size for each in mine]
        assert heights == pytest.approx([sent[each.name] for each in mine])
        limit = costs.envelope + costs.escape_factor * payload
        dashed = [each for each in axes.lines if np.allclose(np.asarray(each.get_ydata(), dtype=float), limit)]
        assert len(dashed) == 1
        assert f"payload {payload:,} B\nlimit {short(limit)} B" in texts(figure)
    assert axes.get_xscale() == axes.get_yscale() == "log"


def test_batches_that_only_a_dedicated_cluster_takes_are_marked() -> None:
    words = "more than 10 a call: a dedicated cluster"
    usual, larger = made_up(Costs(), SWEEP), made_up(Costs(), [*SWEEP, Workload.of("batch", 50)])
    assert words not in texts(drawn(bytes_by_batch_size(usual)))
    assert words in texts(drawn(bytes_by_batch_size(larger)))
    assert "dedicated" not in drawn(gain_by_batch_size(usual)).caption
    assert (
        "Batches of more than 10, shaded, need a dedicated cluster." in drawn(gain_by_batch_size(larger)).caption
    )


def test_overhead_crosses_the_claim_where_the_bytes_say_so() -> None:
    costs = Costs()
    slices = made_up(costs, SWEEP)
    figure = drawn(overhead_by_payload(slices))
    [axes] = figure.figure.axes
    factors = bytes_per_event(slices)["overhead_factor"]
    payloads, heights = line(axes, "trigger")
    assert payloads == [10, 100, 1000]
    assert heights == pytest.approx([factors[each.name] for each in SWEEP if each.call.api == "trigger"])
    assert line(axes, "batch of 10")[0] == [10, 100, 1000]
    assert "10x claimed" in texts(figure)
    # 305 + 3 digits + 60 + 1.5 p = 10 p, but for the digits that come in between.
    assert "below 43 B" in figure.title
    assert "43 B" in texts(figure)


@pytest.mark.parametrize(("factor", "payload"), [(10, 50.0), (100, None), (1.5, None)])
def test_a_crossing_lies_between_two_payloads_or_nowhere(factor: float, payload: float | None) -> None:
    payloads = np.array([10.0, 100.0, 1000.0])
    found = payload_at_factor(payloads, 400 + 2 * payloads, factor)
    assert found == (None if payload is None else pytest.approx(payload))


def test_gains_stand_with_their_intervals_beside_the_fitted_curve() -> None:
    slices = made_up(Costs(call_s=20e-6, event_s=4e-6), SWEEP, spread=0.02)
    figure = drawn(gain_by_batch_size(slices))
    assert [axes.get_title(loc="left") for axes in figure.figure.axes] == [
        "10 B per event",
        "100 B per event",
        "1,000 B per event",
    ]
    axes = figure.figure.axes[1]
    known = summarise(slices).query("api == 'batch' and payload_bytes == 100")
    [points] = axes.containers
    marks, _, [whiskers] = points.lines  # type: ignore[attr-defined]
    assert np.asarray(marks.get_ydata()).tolist() == pytest.approx(known["gain"].tolist())
    ends = [[float(low[1]), float(high[1])] for low, high in whiskers.get_segments()]
    assert np.ravel(ends) == pytest.approx(np.ravel(known[["gain_low", "gain_high"]].to_numpy()))
    limit = fit_time(slices).set_index("payload_bytes")["gain_limit"][100]
    assert any(np.allclose(np.asarray(each.get_ydata(), dtype=float), limit) for each in axes.lines)
    assert f"limit {short(limit)}x" in texts(figure)
    assert len(axes.collections) == 2, "the band of the curve and the whiskers"
    assert "Dashed is its limit" in figure.caption
    # As far as batches were measured, and no farther.
    longest = max((each for each in axes.lines if len(np.asarray(each.get_xdata())) > 20), key=len_of)
    assert np.asarray(longest.get_xdata(), dtype=float)[-1] <= 10


def len_of(line_: Line2D) -> int:
    return len(np.asarray(line_.get_xdata()))


def test_gains_that_no_line_describes_are_joined_and_have_no_limit() -> None:
    slices = made_up(Costs(), SWEEP)
    # A batch of ten takes twice the time that the line through the others would give it.
    slices = slices.assign(
        duration_s=slices["duration_s"].mask(slices["batch_size"] == 10, slices["duration_s"] * 2)
    )
    assert gain_curve(slices, [1, 10]).empty
    figure = drawn(gain_by_batch_size(slices))
    known = summarise(slices).query("api == 'batch' and payload_bytes == 100")
    joined = [each for each in figure.figure.axes[1].lines if list(each.get_xdata()) == [1, 2, 5, 10]]
    assert np.asarray(joined[0].get_ydata()).tolist() == pytest.approx([1.0, *known["gain"]])
    assert "Dashed" not in figure.caption
    assert not any("limit" in text for text in texts(figure))


def test_classes_that_were_sent_side_by_side_have_no_figure_of_gains() -> None:
    figure = gain_by_batch_size(made_up(Costs(), SWEEP).assign(mode="free"))
    assert isinstance(figure, Absent)
    assert "side by side" in str(figure)


def test_few_rounds_give_gains_without_intervals_or_a_band() -> None:
    figure = drawn(gain_by_batch_size(made_up(Costs(), SWEEP, rounds=2)))
    axes = figure.figure.axes[0]
    _, _, [whiskers] = axes.containers[0].lines  # type: ignore[attr-defined]
    assert all(low[1] == high[1] for low, high in whiskers.get_segments())
    assert len(axes.collections) == 1


def test_heads_are_stacked_by_part_the_least_first_with_the_claim() -> None:
    heavy, light = slice_(Workload.of(client="node"), 0, 10), slice_(Workload.of(client="reference"), 0, 10)
    heavy.measured.header_bytes += 1000
    figure = drawn(heads_by_client(slices_frame(record(heavy, light))))
    [axes] = figure.figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["reference", "node"]
    assert [label.get_fontweight() for label in axes.get_yticklabels()] == ["normal", "bold"]
    parts = bars(axes)
    assert list(parts) == ["request line", "auth query", "headers"]
    assert [[bar.get_width() for bar in each] for each in parts.values()] == [[35, 35], [195, 195], [70, 170]]
    assert [bar.get_x() for bar in parts["headers"]] == [230, 230]
    assert {"400 B claimed", "300", "400"} <= set(texts(figure))
    assert any(list(each.get_xdata()) == [400, 400] for each in axes.lines)


def test_a_client_sent_in_several_ways_has_one_head() -> None:
    plain, closing = Workload.of(client="node"), Workload.of(client="node", connection="close")
    longer = slice_(closing, 0, 10)
    longer.measured.header_bytes += 190
    figure = drawn(heads_by_client(slices_frame(record(longer, slice_(plain, 0, 10), slice_(TRIGGER, 0, 10)))))
    assert [bar.get_width() for bar in bars(figure.figure.axes[0])["headers"]] == [70, 70]


def test_a_distribution_reaches_its_percentiles_at_their_share() -> None:
    slow = slice_(BATCH, 0, 980)
    slow.measured.latency.record([50_000_000] * 20)
    made = record(slice_(TRIGGER, 0, 1000), slow, users=16)
    latency = latency_frame(made)
    figure = drawn(latency_distributions(latency, slices_frame(made)))
    [axes] = figure.figure.axes
    assert axes.get_xlabel() == "latency, ms (saturated, 16 users)"
    p99 = percentiles(latency).loc[BATCH.name, "p99_s"] * 1e3
    assert f"batch of 10: 1.00 / {p99:.2f}" in texts(figure)
    lines = [each for each in axes.lines if each.get_drawstyle() == "steps-post"]
    assert len(lines) == 2
    times, shares = (np.asarray(data, dtype=float) for data in lines[1].get_data())
    assert shares[np.searchsorted(times, 1.1) - 1] == pytest.approx(98)
    assert shares[-1] == 100
    assert times[-1] == pytest.approx(50, rel=0.01)


def test_a_distribution_shows_what_was_not_acknowledged_as_at_least_that_long() -> None:
    stalled = slice_(BATCH, 0, 970)
    stalled.boundary.latency.record_censored([400_000_000] * 30)
    made = record(slice_(TRIGGER, 0, 50), stalled, users=16)
    figure = drawn(latency_distributions(latency_frame(made), slices_frame(made)))
    [axes] = figure.figure.axes
    assert {"batch of 10: 1.00 / >399.51", "trigger: 1.00 / -"} <= set(texts(figure))
    lines = [each for each in axes.lines if each.get_drawstyle() == "steps-post"]
    assert [np.asarray(each.get_ydata(), dtype=float)[-1] for each in lines] == pytest.approx([100, 97])
    [area] = axes.collections
    assert area.get_hatch() == "////"
    # Where the percentile may be is to the right.
    markers = [(each.get_marker(), each.get_markerfacecolor()) for each in axes.lines]
    assert markers.count((LOWER_BOUND_MARKER, "none")) == 1
    assert "a hollow arrow marks a lower bound" in figure.caption
    assert "A dash stands for too few calls: p50 needs 20, p99 1,000." in figure.caption
    assert figure.png().startswith(b"\x89PNG")


def test_users_of_all_workers_count_and_what_is_given_counts_more() -> None:
    made = record()
    for worker in (0, 1):
        made.add(slice_(TRIGGER, 0, 10), users=8, worker=worker)
    latency, slices = latency_frame(made), slices_frame(made)
    assert "saturated, 16 users" in drawn(latency_distributions(latency, slices)).caption
    assert "saturated, 3 users" in drawn(latency_distributions(latency, slices, users=3)).caption


def test_an_observed_publisher_is_not_called_saturated() -> None:
    made = record(slice_(Workload.of(payload_kind="observed", client="unknown"), 0, 3), users=1)
    figure = drawn(latency_distributions(latency_frame(made), slices_frame(made)))
    assert figure.figure.axes[0].get_xlabel() == "latency, ms (as the proxy saw it)"
    assert "saturat" not in figure.caption.lower()


def test_a_connections_price_is_shared_by_its_calls() -> None:
    slices = slices_frame(record(shared(100), shared(0), shared(0, connection="close"), shared(10)))
    figure = drawn(connections(slices))
    [axes] = figure.figure.axes
    setup, floor = 600 + 2000 + 2 * 4 * 52, 450 + 72 + 2 * 22 + 2 * 52
    calls, heights = line(axes, "trigger, TLS")
    assert calls == [1, 10, 100]
    assert heights == pytest.approx([floor + setup / each for each in calls])
    assert f"trigger, TLS\nall on one: {floor} B" in texts(figure)
    assert figure.title == "A connection costs 3,016 B inside TLS."
    curve = next(each for each in axes.lines if len(np.asarray(each.get_xdata())) > 20)
    at, height = (np.asarray(data, dtype=float) for data in curve.get_data())
    assert height == pytest.approx(floor + setup / at)


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


FRAMES = [one_round, uncounted, without_reference, observed, old, http2, free_batch]
FIGURES: list[Callable[[pd.DataFrame], Drawing | Absent]] = [
    layer_waterfall,
    bytes_by_batch_size,
    overhead_by_payload,
    gain_by_batch_size,
    heads_by_client,
    connections,
]


@pytest.mark.parametrize("made", FRAMES)
@pytest.mark.parametrize("figure", FIGURES)
def test_legal_frames_are_drawn_or_declined(
    figure: Callable[[pd.DataFrame], Drawing | Absent], made: Callable[[], pd.DataFrame]
) -> None:
    result = figure(made())
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


def test_a_run_that_lacks_a_comparison_says_what_would_measure_it() -> None:
    slices = slices_frame(record(slice_(TRIGGER, 0, 10)))
    declined = {each.__name__: str(each(slices)) for each in FIGURES[1:]}
    assert declined == {
        "bytes_by_batch_size": "No figure here: no workload of this run differs in its batch size alone; "
        "wiretax run headline measures it.",
        "overhead_by_payload": "No figure here: no workload of this run differs in its payload alone; "
        "wiretax run headline measures it.",
        "gain_by_batch_size": "No figure here: no batch of this run has a trigger that it can be held against; "
        "wiretax run headline measures it.",
        "heads_by_client": "No figure here: fewer than two clients sent a trigger in this run; "
        "wiretax run clients measures it.",
        "connections": "No figure here: no workload of this run differs in how many calls share a connection; "
        "wiretax run connections measures it.",
    }


def test_labels_move_apart_and_keep_their_order() -> None:
    places = spread([0.0, 0.05, 1.0, 0.02], gap=0.1)
    assert places[3] - places[0] == pytest.approx(0.1)
    assert places[1] - places[3] == pytest.approx(0.1)
    assert places[2] == 1.0
    assert np.mean([places[0], places[1], places[3]]) == pytest.approx((0.0 + 0.05 + 0.02) / 3)


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.724, "0.72"), (7.2, "7.20"), (9.999, "10"), (52, "52"), (195.55, "195.6"), (1390, "1,390"), (0, "0")],
)
def test_numbers_are_written_as_in_tables(value: float, words: str) -> None:
    assert short(value) == words


def test_ticks_keep_their_distance() -> None:
    assert apart([100, 10, 12, 30, 10], 1.6) == [10, 30, 100]


def test_layers_and_lines_are_told_apart_without_colour() -> None:
    assert len({each.marker for each in STROKES}) == len({str(each.linestyle) for each in STROKES}) == len(STROKES)
    assert len(set(LAYER_COLOURS.values())) == len(LAYER_COLOURS)
    assert text_on("#0072b2") != text_on("#f0e442")
