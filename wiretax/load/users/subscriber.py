"""The Locust user that subscribes, while others publish."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, ClassVar

import gevent

from wiretax.delivery.subscribing.subscriber_error import SubscriberError
from wiretax.load.users.publishers import TURN_S, FreeUser

if TYPE_CHECKING:
    from wiretax.load.free.windows import FreeRun

log = logging.getLogger(__name__)


class FreeSubscriber(FreeUser):
    """Subscribes to the channels that the other users publish to, and counts what arrives. In a sweep it publishes
    like the others: a plan has subscribers of its own."""

    abstract = True
    api = "trigger"
    subscribes: ClassVar[bool] = True

    def on_start(self) -> None:
        super().on_start()
        self._number: int | None = None
        if self.barrier is not None:
            return
        run: FreeRun = self.environment.wiretax_free_run
        if run.deliveries is not None:
            try:
                self._number = run.deliveries.join()
            except SubscriberError as error:
                if not run.ended_early:
                    log.error("wiretax: %s", error)
                    run.on_unsubscribed(str(error))

    def on_stop(self) -> None:
        super().on_stop()
        run: FreeRun | None = getattr(self.environment, "wiretax_free_run", None)
        if self._number is not None and run is not None and run.deliveries is not None:
            run.deliveries.leave(self._number)

    def publish_freely(self, run: FreeRun) -> None:
        gevent.sleep(TURN_S)
