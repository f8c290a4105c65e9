"""Locust's masters and workers as wiretax's locustfiles use them."""

from __future__ import annotations

from wiretax.load.cluster.resilience.before_forking import check_port_before_forking
from wiretax.load.cluster.resilience.connecting import use_interruptible_workers
from wiretax.load.cluster.resilience.exec_hooks import skip_hooks_before_exec
from wiretax.load.cluster.resilience.forked import end_forked_workers
from wiretax.load.cluster.resilience.master_port import use_guarded_port


def use_resilient_runners() -> None:
    """Call it when a locustfile is imported, before Locust forks workers and creates its runner."""
    skip_hooks_before_exec()
    check_port_before_forking()
    use_guarded_port()
    use_interruptible_workers()
    end_forked_workers()
