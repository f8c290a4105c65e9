"""Names of channels and events: part of a workload's name and of its columns, and usual where none are chosen."""

from __future__ import annotations

import pytest

from wiretax.channels.workload import Workload, shortened, workload_of

USUAL = Workload.of("batch", 10)


def test_usual_names_leave_a_workloads_name_as_it_was() -> None:
    assert USUAL.name == "batch10-100B-chat-reference"
    assert USUAL.replace(channel_name="my-channel", event_name="my-event", spread=1) == USUAL


def test_chosen_names_are_part_of_it() -> None:
    chosen = USUAL.replace(channel_name="orders", event_name="order-shipped", spread=1000)
    assert chosen.name == "batch10-100B-chat-reference-channel=orders-event=order-shipped-spread1000"
    assert workload_of(chosen.columns()) == chosen


@pytest.mark.parametrize("event", ["a/b", "..", "a b", "Zoë ✓", 'x":\\<>|?*', "\x1b[2J", "e" * 200, "👍" * 200])
def test_any_name_is_valid_in_a_file_name(event: str) -> None:
    name = USUAL.replace(event_name=event).name
    assert name.isascii()
    assert name.isprintable()
    assert not set(name) & set('/\\:*?"<>| ')
    assert len(name) < 128


def test_different_names_make_different_workload_names() -> None:
    pairs = [("a", "b"), ("b", "a"), ("a-event=b", "my-event"), ("a", "my-event"), ("my-channel", "a")]
    pairs += [("my-channel", event) for event in ("a/b", "a%2Fb", "e" * 199, "e" * 200)]
    names = {USUAL.replace(channel_name=channel, event_name=event).name for channel, event in pairs}
    assert len(names) == len(pairs)


def test_a_run_saved_before_names_could_be_chosen_has_the_usual_ones() -> None:
    old = {
        name: value
        for name, value in USUAL.columns().items()
        if name not in ("channel_name", "event_name", "spread")
    }
    assert workload_of(old) == USUAL


def test_only_workloads_of_the_same_names_are_compared() -> None:
    orders = Workload.of(channel_name="orders")
    assert orders.comparison_key == USUAL.replace(channel_name="orders").comparison_key
    assert orders.comparison_key != USUAL.comparison_key
    assert Workload.of(spread=10).comparison_key != USUAL.comparison_key


def test_long_names_are_shown_with_their_beginning_and_end() -> None:
    assert shortened("x" * 32) == "x" * 32
    assert shortened("private-" + "x" * 90 + "-1") == "private-" + "x" * 12 + "..." + "x" * 7 + "-1"
