"""What scripts and notebooks use: saved runs as data frames, one or many at a time, and the comparison of two.

    >>> import wiretax
    >>> run = wiretax.read_run("results/reference/quick")
    >>> table = wiretax.summarise(run)
    >>> table.loc[table["api"] == "trigger", ["payload_bytes", "sent_per_event"]].to_string(index=False)
    ' payload_bytes  sent_per_event\\n           100           473.0\\n          1000          1390.0'

All frames are pandas'. docs/data.md describes the columns of files, and docstrings those of the other frames,
whose ``attrs["units"]`` has the unit of each column of numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.comparison.compare import Comparison as Comparison
from analysis.comparison.compare import compare as compare_sides
from analysis.measures.capacity import capacities as capacities_of
from analysis.measures.counts import with_all_columns
from analysis.measures.deliveries import UNITS as DELIVERY_UNITS
from analysis.measures.deliveries import summarise_deliveries
from analysis.measures.event_bytes import bytes_per_event
from analysis.measures.queues import queue_frontier
from analysis.measures.summary import summarise as summarise_slices
from analysis.measures.throughput import NO_STARTS, ratio_by_round
from analysis.measures.throughput import Ratio as Ratio
from analysis.text.units import with_units
from wiretax.runs.folder import RUN_FILE
from wiretax.runs.reader import Run as Run
from wiretax.runs.reader import RunNotFoundError as RunNotFoundError
from wiretax.runs.reader import read_run as read_folder

# The columns that ``load_runs`` puts before those of each frame.
OF_RUN = ("run", "started", "plan", "commit", "branch", "valid")
LABEL = "label."


@dataclass(frozen=True, slots=True)
class Runs:
    """Several saved runs.

    Attributes:
        runs: in the order in which they started.
        unreadable: a sentence for each folder that holds a run which can't be read.
    """

    runs: tuple[Run, ...]
    unreadable: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.runs)

    @property
    def table(self) -> pd.DataFrame:
        """A row per run: ``run`` (its folder's name), ``started``, ``plan``, ``commit``, ``branch``, ``valid``,
        and ``label.KEY`` for each key that a run has."""
        return pd.DataFrame([_of_run(run, self._labels()) for run in self.runs])

    @property
    def slices(self) -> pd.DataFrame:
        """``slices.parquet`` of all runs, behind the columns of ``table``."""
        return self.frame("slices")

    @property
    def summary(self) -> pd.DataFrame:
        """``summarise`` of all runs, behind the columns of ``table``."""
        return self._joined([(run, summarise(run)) for run in self.runs])

    def frame(self, name: str) -> pd.DataFrame:
        """A frame of all runs, behind the columns of ``table``.

        Args:
            name: "slices", "latency", "failures", "queued", "queue", "waits", "capacity", "series", "delivery" or
                "delivery_times".

        Raises:
            AttributeError: a run has no frame of that name.
        """
        return self._joined([(run, getattr(run, name)) for run in self.runs])

    def _joined(self, frames: Iterable[tuple[Run, pd.DataFrame]]) -> pd.DataFrame:
        labels = self._labels()
        parts = [_behind(_of_run(run, labels), frame) for run, frame in frames if len(frame)]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()

    def _labels(self) -> list[str]:
        return sorted({key for run in self.runs for key in run.meta.get("labels") or {}})


def read_run(folder: str | Path) -> Run:
    """Read a saved run: its ``run.json`` as ``meta``, and its frames.

        >>> run = read_run("results/reference/quick")
        >>> run.meta["valid"], run.slices["workload"].nunique()
        (True, 8)

    Slices have all columns of docs/data.md: those that an older run lacks hold what they stood for then (no
    TLS, no encryption, one server).

    Raises:
        RunNotFoundError: it can't be read: one line that says why.
    """
    return _with_all_columns(read_folder(Path(folder)))


def load_runs(folders: str | Path | Iterable[str | Path] = "results/*") -> Runs:
    """Read several runs.

        >>> runs = load_runs("results/reference/[hq]*")
        >>> sorted(runs.table["run"])
        ['headline', 'quick']
        >>> runs.summary.groupby("run")["workload"].count().to_dict()
        {'headline': 29, 'quick': 8}

    Args:
        folders: a pattern, or the runs' folders. Folders that hold no run are passed over.
    """
    found = _matching(str(folders)) if isinstance(folders, str | Path) else [Path(each) for each in folders]
    runs: list[Run] = []
    unreadable: list[str] = []
    for folder in sorted(found):
        if not (folder / RUN_FILE).is_file():
            continue
        try:
            runs.append(_with_all_columns(read_folder(folder)))
        except RunNotFoundError as error:
            unreadable.append(str(error))
    return Runs(tuple(sorted(runs, key=lambda run: str(run.meta["started"]))), tuple(unreadable))


def summarise(run: Run) -> pd.DataFrame:
    """What an event costs in each workload, and what that saves: a row per workload.

        >>> table = summarise(read_run("results/reference/quick")).set_index("workload")
        >>> round(float(table.at["batch10-100B-chat-reference", "saving"]), 3)
        0.586

    Returns:
        The workload's columns, ``sent_per_event``, ``received_per_event``, ``cable_per_event``,
        ``head_per_request`` (bytes), ``overhead_factor``, ``saving`` (a share), ``gain``, ``gain_low``,
        ``gain_high`` (95 % CI), ``events_per_second``, ``p50_s``, ``p99_s`` and others:
        ``analysis.measures.summary.summarise`` has them all. Workloads with an arrival rate are in ``queues``.
    """
    return with_units(summarise_slices(run.slices, run.latencies))


def layers(run: Run) -> pd.DataFrame:
    """The bytes of an event by layer.

        >>> table = layers(read_run("results/reference/quick"))
        >>> table.loc["trigger-100B-chat-reference", ["payload", "envelope", "headers", "sent"]].tolist()
        [100.0, 65.0, 78.0, 473.0]

    Returns:
        A row per workload, indexed by its name: bytes per event of each layer, ``sent``, ``received`` and
        ``cable``, ``head_per_request`` (bytes) and ``overhead_factor``:
        ``analysis.measures.event_bytes.bytes_per_event``.
    """
    return with_units(bytes_per_event(run.slices))


def across_rounds(values: pd.Series[float], starts: Mapping[int, int] = NO_STARTS) -> Ratio:
    """The median of a ratio over rounds, with its 95 % confidence interval, as all gains of wiretax have it.

        >>> ratio = pd.Series([4.9, 5.0, 5.1, 5.2, 5.6, 4.7], name="gain").rename_axis("round")
        >>> found = across_rounds(ratio)
        >>> found.estimate, found.rounds
        (5.05, 6)
        >>> round(found.low, 2), round(found.high, 2)
        (4.77, 5.46)

    Args:
        values: a ratio per round, indexed by ``round``. Rounds without one are left out.
        starts: the start of each round, of a run with several: then the estimate is the mean of the starts.

    Returns:
        ``estimate``, ``low``, ``high`` (NaN with fewer than five rounds) and ``rounds``. From 50 rounds on
        it is the median over blocks of five: docs/method.md says why.
    """
    ratios = values.dropna().sort_index().to_dict()
    return ratio_by_round(ratios, dict.fromkeys(ratios, 1.0), starts)


def queues(run: Run) -> pd.DataFrame:
    """The latency and the bytes of workloads whose events arrive at a rate; empty if the run has none.

    Returns:
        A row per workload: ``sent_per_event``, ``saving``, ``total_p99_s`` and others
        (``analysis.measures.queues.queue_frontier``).
    """
    return with_units(queue_frontier(run))


def deliveries(run: Run) -> pd.DataFrame:
    """What subscribers received, and when; empty if the run counted no deliveries.

    Returns:
        A row per workload: ``acknowledged``, ``delivered``, ``lost``, ``total_p50_s`` and others
        (``analysis.measures.deliveries.summarise_deliveries``).
    """
    return with_units(summarise_deliveries(run), DELIVERY_UNITS)


def capacities(run: Run) -> pd.DataFrame:
    """The highest rates that met a latency target; empty if the run searched for none.

    Returns:
        A row per search: ``capacity``, ``capacity_low``, ``capacity_high``, ``gain`` and others
        (``analysis.measures.capacity.capacities``).
    """
    return with_units(capacities_of(run))


def compare(before: Run, after: Run) -> Comparison:
    """Two runs side by side: bytes exactly, with the cause of each difference; times if the runs compare.

    >>> quick = read_run("results/reference/quick")
    >>> found = compare(quick, quick)
    >>> found.differs, len(found.bytes)
    (False, 8)
    >>> float(found.frame()["difference"].sum())
    0.0
    """
    return compare_sides(before, after)


def _with_all_columns(run: Run) -> Run:
    for name in ("slices", "queued"):
        if len(frame := getattr(run, name)):
            # Not a copy of the run, which would read its histograms.
            object.__setattr__(run, name, with_all_columns(frame))
    return run


def _matching(pattern: str) -> list[Path]:
    """The paths that a pattern matches, which may be an absolute one."""
    path = Path(pattern)
    return [*Path(path.anchor).glob(str(path.relative_to(path.anchor)))]


def _of_run(run: Run, labels: Iterable[str]) -> dict[str, object]:
    source, own = run.meta.get("source") or {}, run.meta.get("labels") or {}
    return {
        "run": run.folder.name,
        "started": pd.Timestamp(run.meta["started"]),
        "plan": (run.meta.get("plan") or {}).get("name"),
        "commit": source.get("commit"),
        "branch": source.get("branch"),
        "valid": bool(run.meta.get("valid")),
        **{f"{LABEL}{key}": own.get(key) for key in labels},
    }


def _behind(first: dict[str, object], frame: pd.DataFrame) -> pd.DataFrame:
    columns = pd.DataFrame({name: [value] * len(frame) for name, value in first.items()}, index=frame.index)
    return pd.concat([columns, frame], axis=1)
