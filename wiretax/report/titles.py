"""The title of a report: what its run measures."""

from __future__ import annotations

from wiretax.runs.reader import Run


def title_of(run: Run) -> str:
    """What a reader learns from the run, as the page's heading."""
    if run.slices.empty and len(run.capacity):
        return "How many events per second a server carries"
    if run.slices.empty and len(run.queue):
        return "What events from a queue cost, in bytes and in time"
    if run.mode == "observe":
        return "What the observed publisher sends"
    if len(run.slices) and not (run.slices["api"] == "batch").any():
        return "What one event costs"
    return "What one event costs, and what batching saves"
