"""What the users of one process share.

``Session`` (servers, connections, payloads, queues), ``SliceBarrier``, ``MessageLimit``, ``ErrorPolicy``,
``preflight``, ``Mocks``, ``StatsFeed`` (Locust's statistics).
"""
