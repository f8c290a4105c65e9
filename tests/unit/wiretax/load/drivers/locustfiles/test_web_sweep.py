"""What the live page is told of a sweep that goes on."""

from __future__ import annotations

from pathlib import Path

import locust_unpatched  # noqa: F401  # before what imports Locust

from wiretax.channels.workload import Workload
from wiretax.load import web
from wiretax.load.drivers.locustfiles.web_sweep import progress_of
from wiretax.load.sweep.rounds import WARM_UP, Step


def test_the_live_page_names_rounds_as_the_files_do() -> None:
    shown = progress_of(Step(Workload.of(), 2, 10, 0.25))
    assert (shown.round, shown.rounds, shown.done) == (2, 10, 0.25)
    assert progress_of(Step(Workload.of(), WARM_UP, 10, 0.0)).round is None
    facts = (Path(web.__file__).parent / "static" / "live" / "facts.js").read_text()
    assert "`${round} of 0-${rounds - 1}`" in facts
