"""Figures of a run: each function takes a run and returns a ``Drawing``, or ``Absent`` with the reason.

``bytes_by_batch_size``, ``connections``, ``delivery_delays``, ``gain_by_batch_size``, ``heads_by_client``,
``latency_by_bytes``, ``latency_by_rate``, ``latency_distributions``, ``layer_waterfall``, ``overhead_by_payload``,
``queue_latency`` and ``queues_over_time``; ``style``, ``drawing`` and ``plotted`` are shared.
"""

from __future__ import annotations

from analysis.figures.capacity_curves import latency_by_rate
from analysis.figures.delivery_delays import delivery_delays
from analysis.figures.distributions import latency_distributions
from analysis.figures.drawing import Absent, Drawing
from analysis.figures.gains import gain_by_batch_size
from analysis.figures.heads import heads_by_client
from analysis.figures.payloads import overhead_by_payload
from analysis.figures.queue_frontier import latency_by_bytes
from analysis.figures.queue_latency import queue_latency
from analysis.figures.rate_stages import queues_over_time
from analysis.figures.sharing import connections
from analysis.figures.sizes import bytes_by_batch_size
from analysis.figures.waterfall import layer_waterfall

__all__ = [
    "Absent",
    "Drawing",
    "bytes_by_batch_size",
    "connections",
    "delivery_delays",
    "gain_by_batch_size",
    "heads_by_client",
    "latency_by_bytes",
    "latency_by_rate",
    "latency_distributions",
    "layer_waterfall",
    "overhead_by_payload",
    "queue_latency",
    "queues_over_time",
]
