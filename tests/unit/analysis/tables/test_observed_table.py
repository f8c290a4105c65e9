"""What a terminal says of an observed run's batches beside its triggers."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.tables.observed_table import SENT, savings

ROW = {
    "client": "node",
    "api": "trigger",
    "batch_size": 1,
    "requests": 10,
    "events": 10,
    "payload_total_bytes": 100,
}


def slices(*changes: dict[str, object]) -> pd.DataFrame:
    """Slices in which a trigger took 100 B and a batch of ten 200 B, with these changes."""
    batch = {"api": "batch", "batch_size": 10, "requests": 1}
    return pd.DataFrame(
        [
            {
                **ROW,
                **(batch if each.get("api") == "batch" else {}),
                **dict.fromkeys(SENT, 0),
                "encrypted": False,
                "header_bytes": sent,
            }
            | each
            for each in changes
            for sent in [200 if each.get("api") == "batch" else 1000]
        ]
    )


BATCH = {"api": "batch"}
SLICE_OF_FIVE = {"api": "batch", "batch_size": 5, "events": 5, "payload_total_bytes": 50}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{}, BATCH], ["80.0 % of the bytes (100.0 -> 20.0 B per event), 90.0 % of the calls"]),
        # The last slice counts, too.
        ([{}, BATCH, SLICE_OF_FIVE], ["73.3 % of the bytes (100.0 -> 26.7 B per event), 86.7 % of the calls"]),
        (
            [{}, BATCH | {"payload_total_bytes": 100.5}],
            ["80.0 % of the bytes (100.0 -> 20.0 B per event), 90.0 % of"],
        ),
        (
            [{}, BATCH | {"payload_total_bytes": 102}],
            ["unknown, as triggers and batches had different events (10.0 B"],
        ),
        ([{}], []),
        ([BATCH], []),
        ([{"api": "multi_trigger"}, BATCH], []),
        ([{}, BATCH | {"events": 0}], []),
        ([{}, BATCH | {"client": "php"}], []),
        ([{}, BATCH, {"client": "php"}], ["node: 80.0 % of the bytes"]),
        ([{"encrypted": True}, BATCH | {"encrypted": True}], ["80.0 % of the bytes"]),
        ([{}, BATCH | {"encrypted": True}], []),
        (
            [{}, BATCH, {"encrypted": True}, SLICE_OF_FIVE | {"encrypted": True}],
            ["unencrypted: 80.0 % of the bytes", "encrypted: 60.0 % of the bytes"],
        ),
    ],
)
def test_batches_are_compared_with_triggers_of_the_same_client_and_events(
    rows: list[dict[str, object]], said: list[str]
) -> None:
    found = list(savings(slices(*rows)))
    assert len(found) == len(said)
    assert all(sentence.startswith(begin) for sentence, begin in zip(found, said, strict=True))
