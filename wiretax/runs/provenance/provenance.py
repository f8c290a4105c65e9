"""What ``run.json`` keeps of where a run comes from, however its load is driven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wiretax.channels.endpoint import Credentials
from wiretax.runs.provenance.labels import NO_LABELS, masked
from wiretax.runs.provenance.source import NO_SOURCE, Source, detect_source


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a run comes from.

    Attributes:
        labels: that its user gave it.
        source: the version of the code in the folder that it was started in.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    source: Source = NO_SOURCE

    @classmethod
    def detect(cls, labels: Mapping[str, str] = NO_LABELS) -> Provenance:
        """The provenance of a run that starts now, in the current folder."""
        return cls(labels, detect_source())

    def as_dict(self, apps: Sequence[Credentials]) -> dict[str, Any]:
        """As keys of ``run.json``, without the secrets of these apps."""
        return {"labels": masked(self.labels, apps), "source": self.source.as_dict(apps)}


NO_PROVENANCE = Provenance()
