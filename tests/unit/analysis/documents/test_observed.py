"""The document of an observed run has the figures of its table."""

from __future__ import annotations

from typing import Any

import pytest
from documented import document_in

from analysis.documents.observed import observed_document
from analysis.tables.observed_table import by_kind
from docs.reference import REFERENCE
from wiretax.json_output import encoded
from wiretax.runs.reader import Run, read_run

RUNS = sorted((REFERENCE / "publisher").iterdir())


def made(run: Run) -> dict[str, Any]:
    return document_in(encoded(observed_document(run, 0)), "observe")


@pytest.mark.parametrize("folder", RUNS, ids=lambda folder: folder.name)
def test_each_observed_reference_run_has_a_valid_document(folder: Any) -> None:
    run = read_run(folder)
    document, table = made(run), by_kind(run.slices)
    assert [row["api"] for row in document["kinds"]] == table["api"].tolist()
    assert [row["sent_bytes_per_event"] for row in document["kinds"]] == table["sent_per_event"].tolist()
    assert (document["mode"], document["valid"]) == ("observe", True)
    assert document["source"]["commit"] == run.meta["source"]["commit"]
    # The last commit encodes its data twice.
    assert ("encoded_twice" in document) == (folder == RUNS[-1])
