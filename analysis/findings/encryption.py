"""What an encrypted event costs: a claim of runs that have any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from analysis.findings.claim import EXACT, Claim
from analysis.measures.event_bytes import bytes_per_event
from analysis.measures.representative import representative_order
from analysis.text.labels import Row, call, event
from analysis.text.numbers import fixed, percent, trimmed
from wiretax.channels.profiles import encrypted_sizes_vary
from wiretax.channels.workload import ATTRIBUTES

BATCH = 10
SAME_BUT_ENCRYPTED = [each.column for each in ATTRIBUTES if each.column != "encrypted" and not each.of_queue]
WHY = "nonce, authentication code, base64 and the JSON around them"
# Where a library escapes characters of base64, or an unknown client may.
VARIES = (
    "If characters of base64 are escaped, as some libraries do, the size varies with the nonce; these are means."
)


def encryption_claim(rows: Sequence[Row], slices: pd.DataFrame) -> Iterator[Claim]:
    """The bytes of an encrypted event, beside those of the same event unencrypted; nothing if a run has none.

    It is about a trigger, or a call with the fewest events; among those the one that is nearest to what represents
    a run (``representative_order``).

    Args:
        rows: the rows of ``summarise`` with events.
        slices: ``slices.parquet``.
    """
    encrypted = [row for row in rows if row["encrypted"]]
    if not encrypted:
        return
    row = min(
        encrypted, key=lambda each: (each["api"] != "trigger", each["batch_size"], representative_order(each))
    )
    added = bytes_per_event(slices)["encryption"]
    cost = float(row["sent_per_event"])
    plain = _unencrypted(row, rows)
    batch = next((each for each in encrypted if _is_batch_of(row, each)), None)
    varies = encrypted_sizes_vary(row["client"])
    measured = f"{trimmed(cost, 1)} B"
    if plain is not None:
        more = cost - float(plain["sent_per_event"])
        measured += (
            f", {trimmed(more, 1)} B ({percent(more / float(plain['sent_per_event']))}) more than unencrypted"
        )
    notes = [f"Encryption adds {trimmed(float(added[row['workload']]), 1)} B to the data: {WHY}."]
    if plain is not None:
        notes.append("The rest is the name of an encrypted channel, and escaping.")
    if batch is not None:
        notes.append(f"In a batch of {BATCH}: {fixed(float(batch['sent_per_event']), 1)} B per event.")
    yield Claim(
        f"An encrypted event of {row['payload_bytes']:,} B costs {fixed(cost, 0)} B.",
        "for scale",
        measured,
        "mean" if varies else EXACT,
        f"{call(row)}, {event(row)}, encrypted",
        " ".join([*notes, *([VARIES] if varies else [])]),
    )


def _unencrypted(row: Row, rows: Sequence[Row]) -> Row | None:
    """The same workload without encryption."""
    alike = (each for each in rows if all(each[name] == row[name] for name in SAME_BUT_ENCRYPTED))
    return next((each for each in alike if not each["encrypted"]), None)


def _is_batch_of(row: Row, other: Row) -> bool:
    """Whether a row is the batch of ten of another row's events."""
    call_columns = ("api", "batch_size", "channels")
    same = (name for name in SAME_BUT_ENCRYPTED if name not in call_columns)
    return (
        other["api"] == "batch" and other["batch_size"] == BATCH and all(other[name] == row[name] for name in same)
    )
