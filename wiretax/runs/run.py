"""A saved run: its ``run.json`` and its frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from wiretax.runs.files.histograms import Histograms
from wiretax.runs.mode import MODE, Mode, mode_in

if TYPE_CHECKING:
    import pandas as pd


def empty_frame() -> pd.DataFrame:
    # A command that ends before it reads a run, and a worker, need not wait for pandas.
    import pandas as pd

    return pd.DataFrame()


class _Rows:
    """A field of histograms: a frame of all rows, which is made when it is first asked for."""

    def __init__(self, is_optional: bool) -> None:
        self._is_optional = is_optional

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, run: None, owner: type) -> None: ...

    @overload
    def __get__(self, run: object, owner: type) -> pd.DataFrame: ...

    def __get__(self, run: object | None, owner: type) -> pd.DataFrame | None:
        if run is None:
            # dataclass reads a field's default here; AttributeError says that the field has none.
            if not self._is_optional:
                raise AttributeError(self._name)
            return None
        given = run.__dict__[self._name]
        if isinstance(given, Histograms):
            given = run.__dict__[self._name] = given.frame()
        return given  # type: ignore[no-any-return]

    def __set__(self, run: object, value: pd.DataFrame | Histograms | None) -> None:
        value = empty_frame() if value is None else value
        run.__dict__[self._name] = value
        run.__dict__[f"{self._name}_histograms"] = value if isinstance(value, Histograms) else None


# Without slots, because of the fields that are made on demand.
@dataclass(frozen=True)
class Run:
    """A saved run.

    Attributes:
        folder: its folder.
        meta: ``run.json``.
        slices: a row per workload, round and worker; the column ``mode`` says how the load was driven, and so
            whether rates can be compared.
        latency: a row per workload, round and bucket. It takes much memory in a run of many rounds;
            ``latencies`` does not.
        failures: a row per workload and kind of failure.
        server: the mock's ledger; None without a mock.
        damage: a sentence for each file that could not be read and is empty here; only after ``salvage_run``.
        queued: rows of ``slices.parquet`` of workloads whose events arrive in a queue; ``slices`` and ``latency``
            have all others, whose users send as fast as they are answered.
        queue: a row per workload of ``queued`` and round, and per stage of its rate.
        waits: a row per workload of ``queued``, round, kind and bucket; ``wait_times`` takes less memory.
        capacity: a row per probe of a capacity search; empty if the run has none.
        series: a row per workload whose rate changes, round and bin of time.
        delivery: a row per workload whose deliveries were counted, and round; empty if the run has none.
        delivery_times: a row per workload of ``delivery``, round, kind and bucket; ``delays`` takes less memory.
        is_saved: whether it is in its folder; False for a run in memory that could not be saved.
    """

    folder: Path
    meta: dict[str, Any]
    slices: pd.DataFrame
    latency: _Rows = _Rows(is_optional=False)
    # mypy takes a descriptor for a default.
    failures: pd.DataFrame  # type: ignore[misc]
    server: dict[str, Any] | None  # type: ignore[misc]
    damage: tuple[str, ...] = ()
    queued: pd.DataFrame = field(default_factory=empty_frame)
    queue: pd.DataFrame = field(default_factory=empty_frame)
    waits: _Rows = _Rows(is_optional=True)
    series: pd.DataFrame = field(default_factory=empty_frame)
    is_saved: bool = True
    capacity: pd.DataFrame = field(default_factory=empty_frame)
    delivery: pd.DataFrame = field(default_factory=empty_frame)
    delivery_times: _Rows = _Rows(is_optional=True)

    def __post_init__(self) -> None:
        if MODE not in self.slices:
            object.__setattr__(self, "slices", self.slices.assign(**{MODE: self.mode}))

    @property
    def latencies(self) -> Histograms:
        """The histograms of ``latency``."""
        return self._histograms("latency")

    @property
    def wait_times(self) -> Histograms:
        """The histograms of ``waits``."""
        return self._histograms("waits")

    @property
    def delays(self) -> Histograms:
        """The histograms of ``delivery_times``."""
        return self._histograms("delivery_times")

    def _histograms(self, name: str) -> Histograms:
        kept = f"{name}_histograms"
        if self.__dict__[kept] is None:
            self.__dict__[kept] = Histograms.of_frame(getattr(self, name))
        made: Histograms = self.__dict__[kept]
        return made

    @property
    def mode(self) -> Mode:
        """How the load was driven: "sweep" (a plan), "free" (at Locust's pace) or "observe"."""
        return mode_in(self.meta)

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why the run can't be relied on, a sentence each: invalid, damaged or empty. Nothing for a sound run."""
        doubts = [f"this run is damaged: {each}" for each in self.damage]
        if not self.meta.get("valid", True):
            doubts += [
                f"this run is invalid: {each}" for each in self.meta.get("invalid_because") or ["it says so"]
            ]
        if not doubts and self.slices.empty and self.queued.empty:
            doubts.append("this run is empty: it measured nothing")
        return tuple(doubts)
