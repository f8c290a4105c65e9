"""From an event to its bytes: the gevent client, what it counts, and how long each exchange took."""
