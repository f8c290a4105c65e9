"""What compares workloads of a run beyond its table: two servers, and several starts."""

from __future__ import annotations

from dataclasses import asdict

from analysis.documents.blocks.attributes import WORKLOAD, attribute_fields
from analysis.documents.shapes import Json, filled, filled_rows, interval, number, rows, text, whole
from analysis.measures.counts import SliceCounts
from analysis.measures.starts import ratio_levels
from analysis.measures.two_servers import SAME_BUT_SERVER, compare_servers

UNANSWERED = "no call was answered"
SERVER_FIELDS = (
    WORKLOAD,
    *attribute_fields(SAME_BUT_SERVER),
    number(
        "endpoint_messages_per_second",
        "messages/s",
        "Messages that the first server acknowledged, the median over rounds",
        source="endpoint_rate",
        null=UNANSWERED,
    ),
    number(
        "against_messages_per_second",
        "messages/s",
        "Messages that the second server acknowledged, the median over rounds",
        source="against_rate",
        null=UNANSWERED,
    ),
    *interval("ratio", "1", "Message rate of the second server over the first's, by round", "too few rounds"),
    whole("rounds", "rounds", "Rounds that have both servers"),
    number(
        "sent_bytes_per_call_difference",
        "B",
        "HTTP bytes of a call that the second server gets, minus the first's",
        source="sent",
        null=UNANSWERED,
    ),
    number(
        "received_bytes_per_call_difference",
        "B",
        "HTTP bytes of a response that the second server sends, minus the first's",
        source="received",
        null=UNANSWERED,
    ),
)
SERVERS = rows(
    "servers", SERVER_FIELDS, "Of a run against two servers: a row per workload sent to both", optional=True
)
START_FIELDS = (
    text("ratio", "Name of the workload whose gain it is, or of two workloads: A over B"),
    *interval("estimate", "1", "Mean of the starts' medians", "unknown"),
    number(
        "new_start_low",
        "1",
        "Lower end of the range to expect of one more start",
        source="start_low",
        null="unknown",
    ),
    number(
        "new_start_high",
        "1",
        "Upper end of the range to expect of one more start",
        source="start_high",
        null="unknown",
    ),
    number("between_sd", "1", "Standard deviation between starts", source="between", null="unknown"),
    number("within_sd", "1", "Standard deviation of a round within its start", source="within", null="unknown"),
    whole("starts", "starts", "Starts that were measured"),
    whole("rounds", "rounds", "Rounds of all starts"),
)
STARTS = rows(
    "starts", START_FIELDS, "Of a run of several starts: how much each ratio differs between them", optional=True
)


def server_rows(counted: SliceCounts) -> list[Json]:
    """The rows of two servers compared."""
    return filled_rows(SERVER_FIELDS, compare_servers(counted))


def start_rows(counted: SliceCounts) -> list[Json]:
    """The rows of the ratios of several starts; none of a run that had one."""
    return [
        filled(
            START_FIELDS,
            {"ratio": name, "estimate_low": levels.low, "estimate_high": levels.high, **asdict(levels)},
        )
        for name, levels in ratio_levels(counted).items()
    ]
