"""What a running test did over time, in a bounded number of points that cover all of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

# Half an hour of samples, one every two seconds. When there are more, neighbours are merged.
MOST_POINTS = 900
# The kinds of samples in a point, in its order.
KINDS = ("calls", "queues", "deliveries")
Values = tuple[Any, ...]


class Point(NamedTuple):
    """The samples of one moment.

    Attributes:
        at_s: seconds since the test began.
        calls: samples of calls, by workload.
        queues: of queues.
        deliveries: of deliveries.
    """

    at_s: float
    calls: Mapping[str, Values]
    queues: Mapping[str, Values]
    deliveries: Mapping[str, Values]


class LiveHistory:
    """The points of a test, in order.

    Once there are ``MOST_POINTS``, pairs of neighbours are merged, and from then on a point is made of twice as
    many samples: a test of eight hours has points of 32 s. Figures are merged by their names. Of a rate
    (``_per_second``) it is the mean; of a time or a number of events the larger one, so that a peak stays visible;
    and whether a time is a lower bound (``_is_bound``) holds if it holds of one.

    Attributes:
        fields: the names of the figures of each kind.
        merged: how many samples make a point.
        points: those that are complete.
    """

    def __init__(self, fields: Mapping[str, Sequence[str]], most: int = MOST_POINTS) -> None:
        self.fields = fields
        self.merged = 1
        self.points: list[Point] = []
        self._most = most
        self._open: list[Point] = []

    def add(self, at_s: float, *samples: Mapping[str, Values]) -> None:
        """Add the samples of one moment, a mapping for each of ``KINDS``."""
        if len(self.points) >= self._most:
            self.points = [self._one(self.points[at : at + 2]) for at in range(0, len(self.points), 2)]
            self.merged *= 2
        self._open.append(Point(at_s, *({name: tuple(each) for name, each in kind.items()} for kind in samples)))
        if len(self._open) >= self.merged:
            self.complete()

    def complete(self) -> None:
        """Make a point of what is left; nothing more will come, or it has all its samples."""
        if self._open:
            self.points.append(self._one(self._open))
            self._open = []

    def since(self, count: int) -> list[Point]:
        """The points after the first ``count``."""
        return self.points[count:]

    def _one(self, points: Sequence[Point]) -> Point:
        """Neighbours as one point, at the time of the last."""
        merged = []
        for kind in KINDS:
            parts: list[Mapping[str, Values]] = [getattr(each, kind) for each in points]
            names = dict.fromkeys(name for part in parts for name in part)
            merged.append(
                {name: self._merged(kind, [part[name] for part in parts if name in part]) for name in names}
            )
        return Point(points[-1].at_s, *merged)

    def _merged(self, kind: str, samples: Sequence[Values]) -> Values:
        if len(samples) == 1:
            return samples[0]
        columns = zip(*samples, strict=True)
        return tuple(_figure(name, values) for name, values in zip(self.fields[kind], columns, strict=True))


def _figure(name: str, values: Iterable[Any]) -> Any:
    known = [each for each in values if each is not None]
    if not known:
        return None
    # A rate's mean, or the larger value; of two bounds, that one of them is.
    return sum(known) / len(known) if name.endswith("_per_second") else max(known)
