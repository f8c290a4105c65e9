"""The published Pusher Channels HTTP API as pure functions: no I/O, no clock.

- ``endpoint``: ``Endpoint``, ``Credentials``, ``DEMO``; ``limits``: ``Limits`` and the reasons for refusals.
- ``workload``: ``Workload``, the requests to send; ``validation``: why a workload can't be sent.
- ``profiles``: client libraries as data; ``bodies``: events and their JSON; ``request``: heads, signatures, sizes.
- ``answers``: the meaning of a response; ``remedies``: what to do about an error response.
- ``masking``: secrets hidden in text.
"""
