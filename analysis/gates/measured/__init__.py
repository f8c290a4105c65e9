"""What a gate can check: ``run_counts.Measured``, ``metrics.METRICS``, and sizes restated for another address."""
