"""A silent master is given up while users publish, by the beats that this process counts itself."""

from __future__ import annotations

from wiretax.load.cluster.resilience.silence import BEAT_S, SILENT_BEATS, Silence


def beats_to_the_end(silence: Silence) -> int:
    """How many more beats a silent master has."""
    return next(number for number in range(1, 1000) if silence.beat())


def test_the_limit_is_seconds_and_far_above_what_a_busy_master_is_late_by() -> None:
    assert 5 <= BEAT_S * SILENT_BEATS <= 15


def test_a_master_is_silent_after_ten_beats_without_a_heartbeat() -> None:
    silence = Silence(lambda: True)
    assert beats_to_the_end(silence) == SILENT_BEATS


def test_each_heartbeat_begins_the_count_anew() -> None:
    silence = Silence(lambda: True)
    for _ in range(3):
        assert not any(silence.beat() for _ in range(SILENT_BEATS - 1))
        silence.hear()
    assert beats_to_the_end(silence) == SILENT_BEATS


def test_beats_count_only_while_users_publish() -> None:
    publishing = True
    silence = Silence(lambda: publishing)
    assert not any(silence.beat() for _ in range(SILENT_BEATS - 1))
    publishing = False
    assert not any(silence.beat() for _ in range(100))
    publishing = True
    assert beats_to_the_end(silence) == SILENT_BEATS
