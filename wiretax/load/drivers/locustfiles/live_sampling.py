"""The live figures of a Locust process with a web UI, sampled while its runs go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gevent

from wiretax.load.drivers.running import LocustRun

if TYPE_CHECKING:
    from wiretax.load.accounting.live import Live


class LiveSampling:
    """Samples one run after the other; without a web UI, none.

    Attributes:
        live: the figures of the run that is running, or ran last; None before the first.
    """

    def __init__(self, environment: Any) -> None:
        self.live: Live | None = None
        self._environment = environment
        self._run: LocustRun | None = None
        self._greenlet: gevent.Greenlet | None = None

    def begin(self, run: LocustRun, by_rounds: bool) -> None:
        """Begin the figures of a run, or begin them anew.

        Args:
            run: the run.
            by_rounds: whether it has rounds. Such a run calls ``sample``, and only its open queues are sampled
                regularly; of any other run, everything is.
        """
        if self._environment.web_ui is None:
            return
        from wiretax.load.accounting.live import Live  # needs pandas, as the web UI's pages do

        self._run, self.live = run, Live(by_rounds=by_rounds)
        if self._greenlet is None:
            self._greenlet = gevent.spawn(self._sample_regularly)

    def sample(self) -> None:
        """Add what was measured since the last sample."""
        if self.live is not None and self._run is not None:
            self.live.sample(self._run.record, self._run.unfinished(), self._run.with_queue())

    def stop(self) -> None:
        """Take no more samples; the run ended."""
        if self._greenlet is not None:
            self._greenlet.kill()
            self._greenlet = None

    def complete(self) -> None:
        """Take the last sample of a run that is concluded."""
        if self.live is not None and self._run is not None:
            self.live.sample(self._run.record)

    def _sample_regularly(self) -> None:
        while self.live is not None:
            gevent.sleep(self.live.every_s)
            if not self.live.by_rounds:
                self.sample()
            elif self._run is not None:
                self.live.sample_queues(self._run.with_queue())
