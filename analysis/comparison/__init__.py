"""Two saved runs side by side: bytes exactly, with the cause of each difference; times only if they compare.

- ``compare.compare`` makes a ``Comparison`` of two ``side.Side``.
- ``bytes_compared`` has the differences in bytes, and ``causes`` what they come from; ``times_compared`` the rest.
- ``terminal``, ``markdown`` and ``document`` show it.
"""
