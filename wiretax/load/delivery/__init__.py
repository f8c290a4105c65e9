"""Counting deliveries in a sweep: subscribers are ready before a slice opens, and are asked after it.

- ``executor.DeliveryExecutor`` runs slices so; ``counted.CountedSlice`` is what it found out about one.
- ``accounts`` compares the bytes of subscribers with those of their sockets, the kernel and the mock.
"""
