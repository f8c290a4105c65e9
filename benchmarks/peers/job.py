"""What a generator is asked to send, and where to."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from time import time

from wiretax.channels.bodies.events import bodies
from wiretax.channels.bodies.payloads import payloads
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.profiles import load_profile
from wiretax.channels.request.head import RequestHead
from wiretax.channels.workload import CHANNEL, EVENT_NAME, Workload

CONNECTIONS = 16
SEED = 1
# A generator ends by itself after so long, should nobody be left to end it.
LIFETIME_S = 1800
SLICE_S = 0.25
# Settings of one's own must not change what is measured.
FOREIGN = ("BENCH_", "K6_", "LOCUST_", "PUSHER_", "WIRETAX_", "GOMAXPROCS")

# The timeout covers the time in which a generator is stopped, as others run.
PLAN = """\
schema = 1
name = "peers"
seed = {seed}
rounds = {rounds}
slice = "{slice_ms:.0f}ms"
users = {users}
timeout = "600s"

[[workload]]
api = "{api}"
{size}payload_bytes = {payload_bytes}
payload_kind = "{payload_kind}"
client = "{client}"
"""


@dataclass(frozen=True, slots=True)
class Job:
    """What a generator is asked for.

    Attributes:
        endpoint: the server.
        workload: what is sent.
        folder: an empty folder it may write to, and its working directory.
    """

    endpoint: Endpoint
    workload: Workload
    folder: Path

    @property
    def url(self) -> str:
        return f"{self.endpoint.scheme}://{self.endpoint.authority}"

    @property
    def data(self) -> tuple[str, ...]:
        """The events' data, the same for every generator."""
        return payloads(self.workload.payload.kind, self.workload.payload.bytes, SEED)

    def fixed_request(self) -> tuple[str, bytes]:
        """Target and body of one request, signed now; the server takes it for ten minutes."""
        profile = load_profile(self.workload.transport.client)
        body = bodies(self.workload, profile, self.data)()
        head = RequestHead(self.endpoint, profile, self.workload.call.api, self.workload.transport.connection)
        return head.target(body, int(time())).decode(), body

    def body_file(self) -> Path:
        """A file with the body of that request."""
        file = self.folder / "body.json"
        file.write_bytes(self.fixed_request()[1])
        return file

    def plan_file(self) -> Path:
        """A plan of this one workload."""
        workload, plan = self.workload, self.folder / "plan.toml"
        plan.write_text(
            PLAN.format(
                seed=SEED,
                rounds=int(LIFETIME_S / SLICE_S),
                slice_ms=SLICE_S * 1e3,
                users=CONNECTIONS,
                api=workload.call.api,
                size=f"batch_size = {workload.call.batch_size}\n" if workload.call.api == "batch" else "",
                payload_bytes=workload.payload.bytes,
                payload_kind=workload.payload.kind,
                client=workload.transport.client,
            ),
            encoding="utf-8",
        )
        return plan

    def environment(self) -> dict[str, str]:
        """The settings as environment variables; every generator reads the ones it needs."""
        app = self.endpoint.app
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        return kept | {
            "BENCH_APP_ID": app.app_id,
            "BENCH_BATCH_SIZE": str(self.workload.call.batch_size),
            "BENCH_BODY": self.fixed_request()[1].decode(),
            "BENCH_CHANNEL": CHANNEL,
            "BENCH_CONNECTIONS": str(CONNECTIONS),
            "BENCH_DATA": json.dumps(self.data),
            "BENCH_EVENT": EVENT_NAME,
            "BENCH_KEY": app.key,
            "BENCH_SECRET": app.secret,
            "BENCH_URL": self.url,
            "GOMAXPROCS": "1",
            "NO_PROXY": self.endpoint.host,
            "no_proxy": self.endpoint.host,
            "PUSHER_URL": self.endpoint.secret_url,
        }
