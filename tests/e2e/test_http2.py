"""``wiretax run`` with the real httpx by both versions of HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import Run

from analysis.measures.event_bytes import bytes_per_event
from wiretax.runs.reader import find_run, read_run

PLAN = """\
schema = 1
name = "both"
rounds = 2
slice = "100ms"
users = 2
[[workload]]
api = "trigger"
client = "httpx-library"
connection = ["close", "keep-alive"]
http = ["1.1", "2"]
tls = true
[[workload]]
api = "batch"
batch_size = 10
client = "httpx-library"
http = ["1.1", "2"]
tls = true
"""


def test_both_versions_of_http_are_measured_to_the_byte(run: Run, tmp_path: Path) -> None:
    (tmp_path / "both.toml").write_text(PLAN)
    done = run("run", "both.toml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "trigger, HTTP/2, TLS" in done.stdout
    result = read_run(find_run(tmp_path / "results"))
    assert result.meta["valid"]
    assert result.failures.empty
    cost = bytes_per_event(result.slices)
    trigger, batch = "trigger-100B-chat-httpx-library", "batch10-100B-chat-httpx-library"
    first, later = cost.loc[f"{trigger}-close-http2-tls"], cost.loc[f"{trigger}-http2-tls"]
    assert later["head_per_request"] < first["head_per_request"] < cost.at[f"{trigger}-tls", "head_per_request"]
    assert later["framing"] < first["framing"]
    # A later call's head is a third of what it is in text, and a batch still saves most of that.
    assert later["sent"] < cost.at[f"{trigger}-tls", "sent"]
    assert cost.at[f"{batch}-http2-tls", "sent"] < 0.6 * later["sent"]
    layers = ["payload", "envelope", "auth_query", "request_line", "headers", "framing"]
    assert later[layers].sum() == pytest.approx(later["sent"])
