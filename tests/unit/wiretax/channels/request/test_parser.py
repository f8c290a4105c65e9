"""Which requests publish, and what is in them."""

from __future__ import annotations

import pytest

from wiretax.channels.request.parser import Publication, read_publication

BODY = b'{"name":"e","channels":["a","b"],"data":"hey"}'


@pytest.mark.parametrize("prefix", [b"", b"/ws", b"/eu/ws", b"/apps/eu"])
def test_a_path_may_have_any_prefix(prefix: bytes) -> None:
    sent = prefix + b"/apps/7/events"
    assert read_publication(sent, BODY) == Publication("multi_trigger", 1, 2, 3)
    assert read_publication(sent + b"?auth_key=k", BODY) == Publication("multi_trigger", 1, 2, 3)
    assert read_publication(prefix + b"/apps/7/batch_events", b'{"batch":[{"data":"h"}]}') == Publication(
        "batch", 1, 1, 1
    )


@pytest.mark.parametrize(
    "target",
    [b"", b"/", b"/events", b"/apps/events", b"/apps/7/channels", b"/ws/events", b"http://h/apps/7/events", b"*"],
)
def test_other_requests_publish_nothing(target: bytes) -> None:
    assert read_publication(target, BODY) is None
