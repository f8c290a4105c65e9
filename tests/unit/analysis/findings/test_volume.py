"""What batches of ten save at the published volume."""

from __future__ import annotations

import pandas as pd
from saved import Costs, rendered

from analysis.findings.claim import Claim
from analysis.findings.claims import claims
from analysis.findings.monthly_traffic import PUBLISHED, monthly_traffic
from wiretax.channels.workload import Workload

TRIGGER, TEN = Workload.of(), Workload.of("batch", 10)
# 20,000 triggers a second, and 100,000 events in batches.
COSTS = Costs(call_s=50e-6 - 50e-6 / 9, event_s=50e-6 / 9)


def volume_claim(slices: pd.DataFrame) -> Claim:
    return claims(slices)[-1]


def test_the_published_volume_is_a_row_of_the_monthly_table() -> None:
    months = monthly_traffic(rendered([TRIGGER, TEN]))
    assert months[-1].events == PUBLISHED == 160_000_000_000
    assert months[-1].arithmetic == "160,000,000,000 x (473.0 - 195.6) B = 44.4 TB"
    assert months[-1].calls_saved == 144_000_000_000


def test_bytes_calls_and_cores_that_ten_per_call_save_are_told() -> None:
    claim = volume_claim(rendered([TRIGGER, TEN], rounds=8, costs=COSTS))
    assert (claim.verdict, claim.measured) == ("for scale", "44.4 TB and 144 billion calls saved")
    assert (claim.interval, claim.workload) == ("exact", "batch of 10, 100 B chat, reference")
    assert claim.note == (
        "If each message is published once: 31.3 TB sent instead of 75.7 TB. Spread evenly, it is "
        "61,728 messages/s: 0.62 [0.62, 0.62] generator cores instead of 3.09 [3.09, 3.09], at this run's rates."
    )


def test_the_rates_of_several_generators_are_those_of_several_cores() -> None:
    one = rendered([TRIGGER, TEN], rounds=8, costs=COSTS)
    frame = pd.concat([one, one.assign(worker=1)], ignore_index=True)
    # Each of them sends as much as the one of the test above, so a core still sends as much.
    assert "0.62 [0.62, 0.62] generator cores instead of 3.09 [3.09, 3.09]" in volume_claim(frame).note


def test_too_few_rounds_give_no_interval_of_cores() -> None:
    assert (
        "0.62 [?] generator cores instead of 3.09 [?]"
        in volume_claim(rendered([TRIGGER, TEN], rounds=3, costs=COSTS)).note
    )


def test_without_a_trigger_to_compare_it_is_not_measured() -> None:
    claim = volume_claim(rendered([TEN]))
    assert claim.verdict == "not measured"
    assert "wiretax run headline" in claim.note


def test_an_arrival_rate_does_not_tell_what_a_core_can_send() -> None:
    frame = rendered([each.replace(rate=100.0) for each in (TRIGGER, TEN)], rounds=8)
    claim = volume_claim(frame)
    assert claim.measured == "44.4 TB and 144 billion calls saved"
    assert "doesn't tell how much a core can send" in claim.note
