"""From the publisher to the subscriber: what was delivered, how often, in which order and how late.

- ``process.SubscriberProcess`` has the subscribers of a run in a process of their own, ``subscribers.Subscribers``
  in this one. ``socket_subscriber`` is one connection, and ``subscriber`` what happens on it, without I/O.
- ``published.Published`` is what was sent, ``received.Received`` what arrived; ``matching`` compares them, and
  ``tally.DeliveryTally`` has the result.
- ``delivery_bytes`` splits the bytes of subscribers into layers.
"""
