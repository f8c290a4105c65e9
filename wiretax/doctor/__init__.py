"""What this machine can measure, and what stands between it and an endpoint."""
