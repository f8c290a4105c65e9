"""The sizes that the model predicts without sending anything."""

from __future__ import annotations

import pytest

from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.profiles import profile_names
from wiretax.channels.request.sizes import LOOPBACK, request_sizes
from wiretax.channels.workload import Workload
from wiretax.wire.publishers.request_source import RequestSource


@pytest.mark.parametrize("client", profile_names())
@pytest.mark.parametrize(
    "workload",
    [
        Workload.of(),
        Workload.of(api="batch", batch_size=10, payload_bytes=1000, payload_kind="json"),
        Workload.of(api="multi_trigger", channels=3, connection="close"),
    ],
    ids=lambda workload: workload.name,
)
def test_a_rendered_request_has_the_predicted_sizes(client: str, workload: Workload) -> None:
    mine = workload.replace(client=client)
    source = RequestSource.of(mine, LOOPBACK, seed=7)
    for _ in range(5):
        body = source.next_body()
        sizes = request_sizes(mine)
        assert len(source.head.render(body, 1_700_000_000)) == sizes.head
        assert (len(body), sizes.payload) == (sizes.body, mine.payload_per_request)
        assert sizes.sent == sizes.head + sizes.body


def test_the_head_size_includes_the_host() -> None:
    pusher = Endpoint("https", "api-mt1.pusher.com", 443, DEMO)
    longer = len("api-mt1.pusher.com") - len("127.0.0.1:18080")
    assert request_sizes(Workload.of(), pusher).headers == request_sizes(Workload.of()).headers + longer
