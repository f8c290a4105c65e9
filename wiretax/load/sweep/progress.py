"""A run's progress: a bar on a terminal, elsewhere a line per round."""

from __future__ import annotations

from time import monotonic
from typing import Protocol

from rich.console import Console

from wiretax.load.sweep.conductor import AddedRounds
from wiretax.load.sweep.executor import SliceResult
from wiretax.load.sweep.rounds import WARM_UP, Step
from wiretax.progress_bar import progress_bar
from wiretax.wire.slices import lasted_s

# Undecided workloads named in a message; run.json has all of them.
MOST_NAMES = 2


class Reporter(Protocol):
    """Called after each slice, while users are idle, so that drawing does not disturb the measurement."""

    def slice_done(self, step: Step, result: SliceResult) -> None: ...

    def rounds_added(self, extension: AddedRounds) -> None: ...

    def close(self) -> None: ...


def reporter(console: Console, name: str) -> Reporter:
    """A bar for a terminal, lines for any other output."""
    return SweepBar(console, name) if console.is_terminal else SweepLines(console, name)


class TimeLeft:
    """Estimates the time left from the time taken so far."""

    def __init__(self) -> None:
        self._started = monotonic()

    def estimate(self, done: float) -> str:
        if done <= 0:
            return ""
        seconds = (monotonic() - self._started) * (1 - done) / done
        return f"{seconds / 60:.0f} min left" if seconds > 90 else f"{seconds:.0f} s left"


def where(step: Step) -> str:
    """``warm-up``, or ``round 2 of 0-9``: its number in the files, and those of the first and the last one."""
    if step.round == WARM_UP:
        return "warm-up"
    first = step.first_round
    return f"round {first + step.round} of {first}-{first + step.rounds - 1}"


def why_added(extension: AddedRounds) -> str:
    """``after 12 rounds 5 workloads are undecided (NAME, NAME and 3 more): 4 rounds added``."""
    names = extension.undecided
    listed = ", ".join(names[:MOST_NAMES])
    if len(names) > MOST_NAMES:
        listed += f" and {len(names) - MOST_NAMES} more"
    are = "workload is" if len(names) == 1 else "workloads are"
    rounds = "round" if extension.added == 1 else "rounds"
    return (
        f"after {extension.after} rounds {len(names)} {are} undecided ({listed}): {extension.added} {rounds} added"
    )


def events_per_second(result: SliceResult) -> float:
    """The rate of one slice over all processes."""
    seconds = lasted_s(result.slices)
    if not seconds:
        return 0.0
    paced = ((each.measured, each.steady_requests) for each in result.slices if each.measured.requests)
    return sum(measured.events * steady / measured.requests for measured, steady in paced) / seconds


class SweepBar:
    """One line that is redrawn after each slice."""

    def __init__(self, console: Console, name: str) -> None:
        self._name = name
        self._time_left = TimeLeft()
        self._progress = progress_bar(console)
        self._task = self._progress.add_task(name, total=1.0, now="warm-up")
        self._progress.start()

    def slice_done(self, step: Step, result: SliceResult) -> None:
        now = (
            f"{step.note or f'{where(step)}  {step.workload.name}  {events_per_second(result):,.0f} events/s'}  "
            f"{self._time_left.estimate(step.done)}"
        )
        self._progress.update(self._task, completed=step.done, now=now)
        self._progress.refresh()

    def rounds_added(self, extension: AddedRounds) -> None:
        self._progress.console.print(f"{self._name}: {why_added(extension)}", highlight=False, markup=False)

    def close(self) -> None:
        self._progress.stop()


class SweepLines:
    """Prints a line when a round begins."""

    def __init__(self, console: Console, name: str) -> None:
        self._console = console
        self._name = name
        self._time_left = TimeLeft()
        self._round = WARM_UP - 1
        self._tenths = 0

    def slice_done(self, step: Step, result: SliceResult) -> None:
        # A search has many short rounds: a line for each tenth of its time is enough.
        if step.round != self._round and (not step.note or int(10 * step.done) > self._tenths):
            self._round, self._tenths = step.round, int(10 * step.done)
            now = f"{where(step)}, {step.workload.name} {events_per_second(result):,.0f} events/s"
            self._console.print(
                f"{self._name}: {step.note or now}, {self._time_left.estimate(step.done) or 'just begun'}",
                highlight=False,
                markup=False,
                soft_wrap=True,
            )

    def rounds_added(self, extension: AddedRounds) -> None:
        self._console.print(f"{self._name}: {why_added(extension)}", highlight=False, markup=False, soft_wrap=True)

    def close(self) -> None:
        return None
