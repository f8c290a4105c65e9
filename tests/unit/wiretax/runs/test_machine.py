"""What is said of the machine a run was made on."""

from __future__ import annotations

from time import process_time

import pytest

from wiretax.runs.machine import busy_s, crowding, describe_machine


@pytest.mark.parametrize(
    ("others", "busy", "cores", "crowded"),
    [(0.1, 2.0, 2, False), (0.6, 2.0, 2, True), (0.6, 1.2, 2, False), (3.0, 4.0, 16, False), (0.3, 1.9, 2, True)],
)
def test_others_are_named_where_they_took_what_a_run_could_have_used(
    others: float, busy: float, cores: int, crowded: bool
) -> None:
    said = crowding(others, busy, cores)
    assert (said is not None) is crowded
    assert said is None or f"{others:.1f} of {cores} cores" in said


def test_the_machines_processor_time_holds_this_process_too() -> None:
    machine, own = busy_s(), process_time()
    while process_time() - own < 0.2:
        pass
    # The kernel counts in ticks of a hundredth of a second.
    assert busy_s() - machine >= 0.2 - 0.03


def test_a_description_has_what_a_reader_compares() -> None:
    described = describe_machine()
    assert described["cores"] >= 1
    assert described["cpu_model"]
    assert described["locust"].startswith("2.")
