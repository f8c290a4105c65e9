"""Requests captured from the real client libraries, and the profile each belongs to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CAPTURED = json.loads((Path(__file__).parents[1] / "golden" / "client-heads.json").read_text())["requests"]
# The document in captured bodies, and the string that an application makes of it.
DOCUMENT = {
    "text": "héllo ✓ \"quoted\" a/b <b>x=1&y='2'</b>",
    "n": 1,
    "f": 1.5,
    "list": [1, 2],
    "nil": None,
    "emoji": "\U0001f600",
    "ctl": "tab\there\nnewline",
}
READY = json.dumps(DOCUMENT, ensure_ascii=False, separators=(",", ":"))
# The library a request was captured from, and its profile. Heads and bodies are the same whether a comparator
# keeps its connection or not, so each pair of captures belongs to one profile.
CLIENTS = {
    "PusherServer (pusher-http-dotnet)": "dotnet",
    "PusherServer (pusher-http-dotnet), inside a W3C Activity": "dotnet",
    "pusher-http-go": "go",
    "pusher-http-java (Pusher)": "java",
    "pusher-http-java (PusherAsync)": "java-async",
    "pusher (npm)": "node",
    "pusher (npm) on Node 18": "node-18",
    "pusher/pusher-php-server": "php",
    "pusher (RequestsBackend, default)": "python",
    "pusher (AsyncIOBackend)": "python-aiohttp",
    "pusher (TornadoBackend)": "python-tornado",
    "pusher (pusher-http-ruby)": "ruby",
    "curl 7.88.1 (comparator)": "curl",
    "curl 7.88.1, one process with --next (comparator)": "curl",
    "httpx.Client (comparator, HTTP/1.1)": "httpx",
    "requests.Session (comparator)": "requests",
    "requests.post without a Session (comparator)": "requests",
    "Locust FastHttpUser (comparator)": "locust-fasthttpuser",
    "Locust HttpUser (comparator)": "locust-httpuser",
}


def head_of(captured: dict[str, Any]) -> bytes:
    lines = [captured["request_line"], *(f"{name}: {value}" for name, value in captured["headers"])]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()
