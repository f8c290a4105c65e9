"""The live figures of a Locust process with a web UI, sampled while its runs go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gevent

from wiretax.load.drivers.running import LocustRun

if TYPE_CHECKING:
    from wiretax.load.accounting.live.deliveries import Incoming
    from wiretax.load.accounting.live.figures import Live


class LiveSampling:
    """Samples one run after the other; without a web UI, none.

    Attributes:
        live: the figures of the run that is running, or ran last; None before the first.
        is_on: whether anything is sampled.
    """

    def __init__(self, environment: Any) -> None:
        self.live: Live | None = None
        self.is_on = environment.web_ui is not None
        self._delays_s: list[float] = []
        self._run: LocustRun | None = None
        self._greenlet: gevent.Greenlet | None = None

    def begin(self, run: LocustRun, by_rounds: bool) -> None:
        """Begin the figures of a run, or begin them anew.

        Args:
            run: the run.
            by_rounds: whether it has rounds. Such a run calls ``sample``, and only its open queues are sampled
                regularly; of any other run, everything is.
        """
        if not self.is_on:
            return
        from wiretax.load.accounting.live.figures import Live  # needs pandas, as the web UI's pages do

        self._run, self.live, self._delays_s = run, Live(by_rounds=by_rounds), []
        if self._greenlet is None:
            self._greenlet = gevent.spawn(self._sample_regularly)

    def deliver(self, delay_s: float) -> None:
        """A subscriber of a free run received an event, this long after its intended time."""
        if self.is_on:
            self._delays_s.append(delay_s)

    def sample(self) -> None:
        """Add what was measured since the last sample."""
        if self.live is not None and self._run is not None:
            self.live.sample(
                self._run.record, self._run.unfinished(), self._run.with_queue(), self._incoming(self._run)
            )

    def _incoming(self, run: LocustRun) -> Incoming:
        from wiretax.load.accounting.live.deliveries import Incoming

        delays_s, self._delays_s = self._delays_s, []
        return Incoming(run.subscribers, delays_s)

    def stop(self) -> None:
        """Take no more samples; the run ended."""
        if self._greenlet is not None:
            self._greenlet.kill()
            self._greenlet = None

    def complete(self) -> None:
        """Take the last sample of a run that is concluded."""
        if self.live is not None and self._run is not None:
            self.live.complete(self._run.record)

    def _sample_regularly(self) -> None:
        while self.live is not None:
            gevent.sleep(self.live.every_s)
            if not self.live.by_rounds:
                self.sample()
            elif self._run is not None:
                self.live.sample_queues(self._run.with_queue())
