"""CSV (RFC 4180, with line feeds): a header, and a line per workload and metric."""

from __future__ import annotations

import csv
from io import StringIO

from analysis.exports.measurement import Export
from analysis.exports.rows import COLUMNS, rows

WORDS = {True: "true", False: "false", None: ""}


def csv_rows(export: Export) -> bytes:
    """The file. An unknown end of an interval is empty; booleans are ``true`` and ``false``."""
    text = StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows(export):
        writer.writerow(
            {
                key: WORDS[each] if each is None or each is True or each is False else each
                for key, each in row.items()
            }
        )
    return text.getvalue().encode()
