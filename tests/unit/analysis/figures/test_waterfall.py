"""The waterfall of layers: the drawing shows the run's data."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import BATCH, TRIGGER, bars, counted, drawn, texts
from saved import record, slice_, slices_frame

from analysis.figures import (
    layer_waterfall,
)
from analysis.measures.event_bytes import bytes_per_event
from analysis.measures.layers import KERNEL
from wiretax.channels.workload import Workload
from wiretax.wire.counters import TlsCounters


def test_the_waterfall_adds_up_layer_by_layer_to_the_cable() -> None:
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
    assert figure.title == "An event of 100 B: 730 B on the cable by itself, 163 B in a batch of 10"


def test_the_waterfall_has_tls_layers_if_tls_was_used() -> None:
    made = counted(Workload.of(tls=True))
    made.tls = TlsCounters(220, 220, 0, 0)
    figure = drawn(layer_waterfall(slices_frame(record(made))))
    [axes] = figure.figure.axes
    assert [bar.get_width() for label in ("TLS, sent", "TLS, received") for bar in bars(axes)[label]] == [22, 22]
    assert "TLS" in figure.title


def test_without_kernel_counts_the_waterfall_ends_with_bytes_sent() -> None:
    slices = slices_frame(record(counted(TRIGGER), counted(BATCH))).assign(**dict.fromkeys(KERNEL, np.nan))
    figure = drawn(layer_waterfall(slices))
    assert list(bars(figure.figure.axes[0]))[-1] == "sent (HTTP)"
    assert "the kernel did not count them" in figure.caption


def test_what_encryption_adds_is_a_step_between_payload_and_envelope() -> None:
    secret = slice_(TRIGGER.replace(encrypted=True), 0, 10, encryption_bytes=300)
    figure = drawn(layer_waterfall(slices_frame(record(secret))))
    steps = {label: (bar.get_x(), bar.get_width()) for label, [bar] in bars(figure.figure.axes[0]).items()}
    assert list(steps)[:4] == ["payload", "encryption", "envelope", "request line"]
    # The body has 50 B around the payload; 30 B of them are encryption's.
    assert [steps[each] for each in ("payload", "encryption", "envelope")] == [(0, 100), (100, 30), (130, 20)]
    assert figure.title.startswith("An event of 100 B, encrypted: ")


def test_failed_calls_have_a_separate_step() -> None:
    failing = slice_(TRIGGER, 0, 10, unfinished_sent_bytes=450)
    figure = drawn(layer_waterfall(slices_frame(record(failing))))
    [bar] = bars(figure.figure.axes[0])["failed calls, sent"]
    assert bar.get_width() == 45
