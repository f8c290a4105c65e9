"""What became of a stream's entries."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class StreamCounts:
    """Counts of one consumer.

    Attributes:
        read: entries that became arrivals.
        published: arrivals whose call was acknowledged.
        acknowledged: entries acknowledged in Redis: published ones, and those that were skipped.
        redelivered: arrivals that an earlier consumer had read and not acknowledged; they may be published twice.
        given_back: arrivals whose call failed; each is taken again, and may be published twice if only the
            response was lost.
        skipped: invalid entries.
        interruptions: how often the connection to Redis was lost.
    """

    read: int = 0
    published: int = 0
    acknowledged: int = 0
    redelivered: int = 0
    given_back: int = 0
    skipped: int = 0
    interruptions: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)
