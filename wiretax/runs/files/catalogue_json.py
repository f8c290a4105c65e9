"""What a list of runs shows, in ``run.json``: the version of the code, and headline figures."""

from __future__ import annotations

from typing import Annotated

import msgspec

from wiretax.runs.files.amounts import Amount
from wiretax.runs.provenance.source import COMMIT, PROVIDER, is_branch


class SentRecord(msgspec.Struct):
    workload: str
    sent_per_event: Amount


class GainRecord(msgspec.Struct):
    workload: str
    gain: Amount


class HeadlineRecord(msgspec.Struct):
    trigger: SentRecord | None = None
    batch: SentRecord | None = None
    gain: GainRecord | None = None


class SourceRecord(msgspec.Struct):
    commit: str | None = None
    branch: str | None = None
    changed: bool | None = None
    pull_request: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)] | None = None
    provider: str | None = None

    def objection(self) -> str | None:
        """What is wrong with a value; None if nothing is."""
        if self.commit is not None and not COMMIT.fullmatch(self.commit):
            return f"source.commit is {self.commit!r:.80}, expected 40 or 64 hexadecimal digits"
        if self.branch is not None and not is_branch(self.branch):
            return f"source.branch is {self.branch!r:.80}, expected a printable name without spaces"
        if self.provider is not None and not PROVIDER.fullmatch(self.provider):
            return f"source.provider is {self.provider!r:.80}, expected a name like github"
        return None
