"""What a run's figures are checked against.

``Measurement`` (witnesses before and after), ``Evidence`` (what they say), ``Gating`` (the verdict), ``Live``
(figures while it runs).
"""
