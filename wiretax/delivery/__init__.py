"""From the publisher to the subscriber: what was delivered, how often, in which order and how late.

- ``publish_log`` notes what publishers sent, and ``tracked_caller`` stamps it.
- ``subscribing`` has the subscribers: what they receive.
- ``counting`` compares the two.
"""
