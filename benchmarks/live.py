"""What the web UI's tab and live page cost: one test that goes on, in windows with and without somebody looking.

    python -m benchmarks.live [PAIRS]

A pair is two windows in a drawn order. In one, the live page's figures and Locust's table are asked for as a
browser with both open does, but twenty times as often, so that the cost stands out of the noise; in the other,
nothing is. A twentieth of what is lost is the price of looking every two seconds. Events are those the mock has
counted. Those a second of the generator's processor time are disturbed less by other processes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import NamedTuple

import httpx
import numpy as np
import psutil

from analysis.measures.throughput import ratio_of
from wiretax.channels.limits import Limits
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock, read_ledger

LOCUSTFILE = Path(__file__).parents[1] / "scenarios" / "locustfile.py"
PAIRS = 20
WINDOW_S = 4.0
PAGE_S = 2.0
TIMES_AS_OFTEN = 20
WARM_UP_S = 4.0
PORT = 18089
OPTIONS = ["--autostart", "-u", "16", "-r", "16", "--web-host", "127.0.0.1", "--web-port", str(PORT)]


class Rate(NamedTuple):
    """Events per second, and per second of the generator's processor time."""

    by_wall: float
    by_processor: float


def measure(pairs: int) -> tuple[list[Rate], list[Rate]]:
    """Rates of windows without and with somebody looking, pair by pair."""
    with embedded_mock(Limits(), CostModel()) as endpoint, TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), *OPTIONS],
            cwd=folder,
            env={**os.environ, "PUSHER_URL": endpoint.secret_url},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        generator = psutil.Process(process.pid)

        def events() -> int:
            ledger = read_ledger(endpoint)
            assert ledger is not None
            return int(ledger["events"])

        def window(look: Callable[[], None]) -> Rate:
            began, counted, busy = perf_counter(), events(), sum(generator.cpu_times()[:2])
            while perf_counter() - began < WINDOW_S:
                asked = perf_counter()
                look()
                sleep(max(0.0, PAGE_S / TIMES_AS_OFTEN - (perf_counter() - asked)))
            more = events() - counted
            seconds, busy = perf_counter() - began, sum(generator.cpu_times()[:2]) - busy
            return Rate(more / seconds, more / busy)

        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{PORT}", timeout=30) as http:
                known = {"key": "", "samples": 0}

                def look() -> None:
                    found = http.get(f"/wiretax/figures?key={known['key']}&since={known['samples']}").json()
                    known.update(key=found["key"], samples=found["samples"])
                    http.get("/stats/requests").raise_for_status()

                while not events():
                    sleep(0.2)
                sleep(WARM_UP_S)
                return _in_pairs(pairs, lambda: window(lambda: None), lambda: window(look))
        finally:
            process.terminate()
            process.wait()


def _in_pairs(pairs: int, one: Callable[[], Rate], other: Callable[[], Rate]) -> tuple[list[Rate], list[Rate]]:
    random = Random(1)
    ones, others = [], []
    for _ in range(pairs):
        first = random.random() < 0.5
        if first:
            ones.append(one())
        others.append(other())
        if not first:
            ones.append(one())
    return ones, others


def main() -> None:
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS
    alone, looked_at = measure(pairs)
    for name, which in (("events/s", 0), ("events/s of processor time", 1)):
        ratios = np.array([with_[which] / without[which] for without, with_ in zip(alone, looked_at, strict=True)])
        ratio = ratio_of(ratios)
        cost, most, least = ((1 - each) / TIMES_AS_OFTEN * 100 for each in (ratio.estimate, ratio.low, ratio.high))
        print(
            f"{name}: {median(each[which] for each in alone):,.0f} alone; looking every {PAGE_S:g} s takes "
            f"{cost:.2f} % [{least:.2f}, {most:.2f}] of it, in {pairs} pairs"
        )


if __name__ == "__main__":
    main()
