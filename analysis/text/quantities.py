"""Quantities as people read them: 29 ms, 156 kB, 50.4 calls/s, 47 %."""

from __future__ import annotations

from analysis.text.labels import share

LEAST_FIGURE = 0.05
BYTES = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3))
PER = (("s", 1.0), ("min", 60.0), ("h", 3600.0), ("day", 86400.0))


def figure(value: float) -> str:
    """Three digits, or all of a whole number: 0.25, 50.4, 1,250."""
    if value < LEAST_FIGURE:
        return f"<{LEAST_FIGURE}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def part(value: float) -> str:
    """A share, with tenths only where it is small: 47 %, 5.2 %."""
    return share(value, 0 if value >= 0.1 else 1)


def count(number: int, noun: str) -> str:
    """1 connection, 3 connections."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def milliseconds(seconds: float) -> str:
    """A duration in ms, without the unit: 62.4, 1,250."""
    if seconds >= 1:
        return f"{seconds * 1e3:,.0f}"
    return "<0.1" if 0 < seconds < 0.00005 else f"{seconds * 1e3:,.1f}"


def duration(seconds: float) -> str:
    """A time that is waited: 40 ms, 62.4 ms, 1.5 s."""
    if seconds >= 1:
        return f"{seconds:,.0f} s" if seconds >= 100 else f"{seconds:.3g} s"
    if seconds >= 0.1:
        return f"{seconds * 1e3:.0f} ms"
    return f"{milliseconds(seconds).removesuffix('.0')} ms"


def work_time(seconds: float) -> str:
    """A time that is worked: 17.1 µs, 1.2 ms."""
    return f"{seconds * 1e6:,.1f} µs" if seconds < 1e-3 else f"{seconds * 1e3:,.1f} ms"


def byte_unit(bytes_: float) -> tuple[str, float]:
    """The largest unit of which there is one at least, and how many bytes it has."""
    return next(((unit, size) for unit, size in BYTES if bytes_ >= size), ("B", 1.0))


def amount(bytes_: float) -> str:
    """156 kB, 1.05 TB."""
    unit, size = byte_unit(bytes_)
    return f"{figure(bytes_ / size)} {unit}"


def rate(per_s: float, noun: str) -> str:
    """By the shortest unit in which it is no tiny fraction: 50.4 calls/s, 1.2 calls/min."""
    unit, length_s = next(
        ((unit, length_s) for unit, length_s in PER if per_s * length_s >= LEAST_FIGURE), PER[-1]
    )
    number = figure(per_s * length_s)
    return f"{number} {noun}{'' if number == '1' else 's'}/{unit}"
