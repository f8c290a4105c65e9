"""Models fitted to what a run measured.

- ``cost_model.fit_bytes``: bytes by batch size and payload; ``breakeven.payload_at_overhead``.
- ``call_time.fit_time``: seconds by batch size, and the limit of the gain.
- ``connection_cost.connection_cost``: bytes by calls per connection; ``line.fit_line``: a straight line.
"""
