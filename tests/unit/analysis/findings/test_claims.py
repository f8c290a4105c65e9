"""The published claims: each verdict on a run that is made to have it."""

from __future__ import annotations

import pandas as pd
import pytest
from saved import Costs, rendered

from analysis.findings.claims import claims
from analysis.measures.clients import OFFICIAL
from analysis.models.breakeven import payload_at_overhead
from wiretax.channels.request.sizes import request_sizes
from wiretax.channels.workload import Workload
from wiretax.runs.mode import UNKNOWN

TRIGGER = Workload.of()
TEN = Workload.of("batch", 10)
FAN = Workload.of("multi_trigger", channels=10)
LARGER = [Workload.of("batch", 20), Workload.of("batch", 100)]
HEADER, OVERHEAD, CURE, TEN_A_CALL, MORE, CHANNELS = range(6)


def sized(workloads: list[Workload], *sizes: int) -> list[Workload]:
    return [workload.replace(payload_bytes=size) for size in sizes for workload in workloads]


def test_the_head_claim_uses_the_official_libraries() -> None:
    claim = claims(rendered([TRIGGER.replace(client=client, payload_bytes=17) for client in OFFICIAL]))[HEADER]
    assert claim.verdict == "holds"
    assert claim.measured == "374 to 485 B, mean 429 B"
    assert (claim.interval, claim.workload) == ("exact", "trigger, 7 official libraries")
    assert "144 to 255 B" in claim.note


def test_without_an_official_library_the_head_claim_is_not_measured() -> None:
    claim = claims(rendered([TRIGGER]))[HEADER]
    assert claim.verdict == "not measured"
    assert "wiretax run clients" in claim.note


def test_overhead_is_given_with_the_payloads_at_which_it_is_10_5_and_2() -> None:
    claim = claims(rendered(sized([TRIGGER, TEN], 10, 100)))[OVERHEAD]
    assert (claim.verdict, claim.measured) == ("holds", "37.6x at 10 B")
    assert claim.note.startswith("By the model: 10x at 41 B, 5x at 93 B, 2x at 389 B.")


@pytest.mark.parametrize("factor", [10.0, 5.0, 2.0, 1.3])
@pytest.mark.parametrize("client", ["reference", "python", "php"])
def test_an_overhead_is_crossed_at_the_given_payload(factor: float, client: str) -> None:
    size = payload_at_overhead(factor, client, "chat")
    assert size is not None
    at, beyond = (request_sizes(TRIGGER.replace(client=client, payload_bytes=each)) for each in (size, size + 1))
    assert at.sent / size >= factor > beyond.sent / (size + 1)


def test_an_overhead_above_that_of_any_event_is_not_crossed() -> None:
    assert payload_at_overhead(10_000, "reference", "chat") is None


def test_the_payload_at_an_overhead_is_that_of_the_names_in_the_run() -> None:
    long = {"channel_name": "private-location-of-the-driver-{}", "event_name": "driver-moved", "spread": 1000}
    named = [each.replace(**long) for each in (TRIGGER, TEN)]
    note = claims(rendered(sized(named, 10, 100)))[OVERHEAD].note
    size = payload_at_overhead(10, "reference", "chat", **long)
    assert size is not None
    assert size > 41  # with the usual names
    assert note.startswith(f"By the model: 10x at {size} B, ")


def test_a_remedy_is_rated_by_the_remaining_overhead() -> None:
    cured = claims(rendered(sized([TRIGGER, TEN], 100, 1000)))[CURE]
    assert cured.verdict == "holds"
    assert cured.measured == "58.6 % fewer bytes, overhead 4.73x to 1.96x"
    assert "By the byte model no batch saves more than 65.5 %; this is 89 % of it." in cured.note
    assert "By payload: 58.6 % at 100 B, 20.0 % at 1,000 B." in cured.note
    assert claims(rendered(sized([TRIGGER, TEN], 10)))[CURE].verdict == "holds in part"


@pytest.mark.parametrize(
    ("costs", "verdict", "measured"),
    [
        (Costs(call_s=20e-6, event_s=2e-6), "holds in part", "5.50x events/s"),
        (Costs(call_s=1e-6, event_s=20e-6), "holds", "1.04x events/s"),
    ],
)
def test_ten_events_per_call_are_enough_if_events_take_most_of_the_time(
    costs: Costs, verdict: str, measured: str
) -> None:
    calls = [TRIGGER, Workload.of("batch", 5), TEN, Workload.of("batch", 50)]
    claim = claims(rendered(calls, rounds=8, costs=costs))[TEN_A_CALL]
    assert (claim.verdict, claim.measured) == (verdict, measured)


def test_the_limit_of_the_gain_is_in_the_note() -> None:
    frame = rendered(
        [TRIGGER, Workload.of("batch", 2), TEN, *LARGER], rounds=8, costs=Costs(call_s=20e-6, event_s=2e-6)
    )
    told = " line through batches of up to {} gives a gain limit of 11.0x [11.00, 11.00], and 90 % of it needs 90"
    assert claims(frame)[TEN_A_CALL].note == f"A{told.format(100)} events per call."
    few = frame[frame["batch_size"] <= 20]
    assert claims(few)[TEN_A_CALL].note == f"A{told.format(20)} events per call (extrapolated)."


def test_for_nonlinear_call_times_the_largest_measured_gain_is_in_the_note() -> None:
    frame = rendered([TRIGGER, TEN, *LARGER], rounds=8, costs=Costs(call_s=20e-6, event_s=2e-6))
    # A hundred events take as long as five batches of twenty.
    bent = frame.assign(duration_s=frame["duration_s"].mask(frame["batch_size"] == 100, 1000 * 300e-6))
    claim = claims(bent)[TEN_A_CALL]
    assert claim.verdict == "holds in part"
    assert claim.note.startswith(
        "The largest measured gain is 7.33x [7.33, 7.33] with batches of 20 and 100, and 90 % of it needs about "
        "15 events per call. No limit is given: a line through the call times"
    )


def test_ten_are_not_enough_if_no_larger_batch_was_measured() -> None:
    claim = claims(rendered([TRIGGER, TEN], rounds=8, costs=Costs(call_s=20e-6, event_s=2e-6)))[TEN_A_CALL]
    assert (claim.verdict, claim.measured) == ("holds in part", "5.50x events/s")
    assert claim.note.startswith("No larger batch was measured, and no limit is given: two batch sizes")


def test_the_gain_of_larger_batches_is_relative_to_ten() -> None:
    frame = rendered([TRIGGER, TEN, *LARGER], rounds=8, costs=Costs(call_s=20e-6, event_s=2e-6))
    claim = claims(frame)[MORE]
    assert claim.verdict == "holds"
    # A hundred take 220 us and ten 40 us: 10 x 40 / 220.
    assert claim.measured == "up to 15.0 % fewer bytes, 1.82x events/s"
    assert claim.workload == "batches of 20 and 100 over one of 10, 100 B chat, reference"
    assert claims(frame[frame["batch_size"] <= 10])[MORE].verdict == "not measured"


def test_many_channels_are_compared_with_the_batch_of_the_same_size() -> None:
    frame = rendered([TRIGGER, TEN, FAN], rounds=8, costs=Costs(call_s=20e-6, event_s=2e-6))
    claim = claims(frame)[CHANNELS]
    assert claim.verdict == "holds"
    # An event to ten channels takes 22 us here, ten events 40 us.
    assert claim.measured == "68.8 % fewer bytes, 1.82x messages/s"
    assert "61.1 B per message instead of 195.6" in claim.note


def test_a_slower_trigger_to_many_channels_does_not_win() -> None:
    frame = rendered([TRIGGER, TEN, FAN], rounds=8, costs=Costs(call_s=20e-6, event_s=2e-6))
    slow = frame.assign(duration_s=frame["duration_s"].mask(frame["channels"] == 10, frame["duration_s"] * 9))
    assert claims(slow)[CHANNELS].verdict == "does not hold"


@pytest.mark.parametrize("claim", [TEN_A_CALL, MORE, CHANNELS])
def test_too_few_rounds_decide_nothing_about_time(claim: int) -> None:
    found = claims(rendered([TRIGGER, TEN, FAN, *LARGER], rounds=3))[claim]
    assert (found.verdict, found.interval) == ("undecided", "[?]")


def test_noise_that_hides_a_difference_leaves_it_undecided() -> None:
    costs = Costs(call_s=1e-9, event_s=20e-6)
    assert claims(rendered([TRIGGER, TEN, *LARGER], 10, costs, spread=0.1))[MORE].verdict == "undecided"


def thin() -> dict[str, pd.DataFrame]:
    whole = rendered([TRIGGER, TEN], rounds=2)
    return {
        "empty": whole.iloc[:0],
        "nothing acknowledged": whole.assign(requests=0, events=0, messages=0),
        "no trigger": whole[whole["api"] == "batch"],
        "no batch": whole[whole["api"] == "trigger"],
        "observed": whole.assign(client="observed", payload_kind="observed"),
    }


@pytest.mark.parametrize("name", thin())
def test_an_incomplete_run_lists_all_claims_and_how_to_measure_them(name: str) -> None:
    found = claims(thin()[name])
    assert len(found) == 7
    unmeasured = [claim for claim in found if claim.verdict == "not measured"]
    assert unmeasured
    assert all("wiretax run" in claim.note for claim in unmeasured)
    assert "nan" not in str(found)


SECRET = [TRIGGER.replace(encrypted=True), TEN.replace(encrypted=True)]


def test_a_run_without_encrypted_events_has_no_claim_on_them() -> None:
    assert len(claims(rendered([TRIGGER, TEN]))) == 7


def test_an_encrypted_event_is_compared_with_the_same_one_unencrypted() -> None:
    [*others, claim] = claims(rendered([TRIGGER, TEN, *SECRET]))
    assert len(others) == 7
    plain, secret, ten = (request_sizes(each) for each in (TRIGGER, *SECRET))
    more = secret.sent - plain.sent
    assert (secret.sent, more, secret.encryption) == (605, 132, 116)
    assert claim.claim == "An encrypted event of 100 B costs 605 B."
    assert (claim.verdict, claim.interval) == ("for scale", "exact")
    assert claim.measured == "605 B, 132 B (27.9 %) more than unencrypted"
    assert claim.workload == "trigger, 100 B chat, reference, encrypted"
    assert claim.note == (
        "Encryption adds 116 B to the data: nonce, authentication code, base64 and the JSON around them. The rest "
        f"is the name of an encrypted channel, and escaping. In a batch of 10: {ten.sent / 10:.1f} B per event."
    )


def test_an_encrypted_event_alone_is_given_without_a_comparison() -> None:
    claim = claims(rendered([SECRET[0]]))[-1]
    assert claim.measured == "605 B"
    assert "rest" not in claim.note


def test_the_unencrypted_family_represents_a_run_and_keeps_its_claims() -> None:
    mixed = claims(rendered([*SECRET, TRIGGER, TEN]))
    assert mixed[:-1] == claims(rendered([TRIGGER, TEN]))
    assert claims(rendered(SECRET))[CURE].workload == "batch of 10, 100 B chat, reference, encrypted"


@pytest.mark.parametrize("client", ["php", UNKNOWN])
def test_where_a_client_may_escape_base64_an_encrypted_event_is_a_mean(client: str) -> None:
    rows = rendered([each.replace(client="php") for each in SECRET]).replace({"client": {"php": client}})
    claim = claims(rows)[-1]
    assert claim.interval == "mean"
    assert claim.note.endswith("the size varies with the nonce; these are means.")
