"""What publishers note, in the order of the events however calls end."""

from __future__ import annotations

from wiretax.channels.bodies.events import Event
from wiretax.channels.workload import Workload
from wiretax.delivery.counting.content_key import content_key
from wiretax.delivery.counting.published import ACKNOWLEDGED, REJECTED
from wiretax.delivery.publish_log import PublishLog


def test_events_without_a_stamp_have_a_key_for_each_channel_in_the_order_of_the_events() -> None:
    log = PublishLog(None)
    publisher = log.new_publisher(Workload.of())
    to_two = [Event("e", ("a", "b"), "first")]
    batch = [Event("e", ("c",), "second"), Event("e", ("d",), "third")]
    first, second = log.number(1), log.number(2)
    # The later call ends first.
    log.note(publisher, second, [2.0, 2.0], (2.0, 2.5), REJECTED, batch, lambda event: event.data)
    log.note(publisher, first, [1.0], (1.0, 3.0), ACKNOWLEDGED, to_two, lambda event: event.data)
    published = log.take()
    assert published.sequence.tolist() == [first, second, second + 1]
    assert published.outcome.tolist() == [ACKNOWLEDGED, REJECTED, REJECTED]
    assert published.messages.tolist() == [2, 1, 1]
    sent = [("a", "first"), ("b", "first"), ("c", "second"), ("d", "third")]
    assert published.key.tolist() == [content_key(channel, "e", data) for channel, data in sent]
    assert len(log.take()) == 0
