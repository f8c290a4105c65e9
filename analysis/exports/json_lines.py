"""JSON Lines: an object per workload and metric."""

from __future__ import annotations

import orjson

from analysis.exports.measurement import Export
from analysis.exports.rows import rows


def json_lines(export: Export) -> bytes:
    """The file. An unknown end of an interval is null."""
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows(export))
