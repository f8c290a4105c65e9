"""Header lines of two runs, and what each difference adds to a call."""

from __future__ import annotations

import pytest

from analysis.comparison.causes import Cause, line_changes
from wiretax.channels.request.head_lines import HeadLine

LIBRARY = HeadLine("X-Pusher-Library", "pusher-http-python 3.3.4", 44)
HOST = HeadLine("Host", "{host}", 23)
TRACE = HeadLine("traceparent", "(varies)", 70)


@pytest.mark.parametrize(
    ("before", "after", "causes"),
    [
        ([HOST, LIBRARY], [HOST, LIBRARY], []),
        ([LIBRARY], [LIBRARY, TRACE], [Cause("traceparent added", 70)]),
        ([LIBRARY, TRACE], [LIBRARY], [Cause("traceparent removed", -70)]),
        # The endpoint's host is no difference of the publisher.
        ([HOST], [HOST._replace(bytes=40)], []),
        (
            [LIBRARY],
            [LIBRARY._replace(value="pusher-http-python 3.10.0", bytes=45)],
            [Cause("X-Pusher-Library: pusher-http-python 3.3.4 -> pusher-http-python 3.10.0", 1)],
        ),
        ([TRACE], [TRACE._replace(bytes=57)], [Cause("traceparent: another length", -13)]),
        # The case of a name is none of its bytes.
        ([TRACE], [TRACE._replace(name="Traceparent")], []),
        # The second line of a name.
        ([TRACE], [TRACE, TRACE], [Cause("traceparent added", 70)]),
        ([], [], []),
    ],
)
def test_each_line_that_differs_is_a_cause(
    before: list[HeadLine], after: list[HeadLine], causes: list[Cause]
) -> None:
    assert [*line_changes(before, after)] == causes
