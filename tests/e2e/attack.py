"""Opens a web UI with a login in Chromium: first from another site's page, then as a visitor who logs in.

It runs in a separate process, like browser.py, and prints what it saw as JSON.

    python attack.py ADDRESS PASSWORD
"""

from __future__ import annotations

import json
import shutil
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from browser import QUIET
from playwright.sync_api import Browser, sync_playwright

# What a page can try: to read, to post and read, to post without reading, to post a form, to show it in a frame.
PAGE = """<!doctype html><title>Another site</title>
<form method="post" action="{address}/stop" target="posted"></form>
<iframe name="posted"></iframe><iframe name="framed" src="{address}/login"></iframe>"""
TRY = """async (address) => {
    const attempt = async (path, options) => {
        try { return (await fetch(`${address}${path}`, options)).status; } catch (error) { return error.name; }
    };
    const body = new URLSearchParams({ user_count: "4", spawn_rate: "4" });
    document.forms[0].submit();
    return {
        read: await attempt("/stats/requests"),
        token: await attempt("/wiretax/token"),
        posted: await attempt("/swarm", { method: "POST", body }),
        blind: await attempt("/swarm", { method: "POST", body, mode: "no-cors", credentials: "include" }),
    };
}"""


class AnotherSite(BaseHTTPRequestHandler):
    """A page of another site."""

    page = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.page)

    def log_message(self, *_: Any) -> None:
        pass


def attack(browser: Browser, address: str, password: str) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    context = browser.new_context()
    visitor = context.new_page()
    visitor.goto(f"{address}/")
    visitor.fill("[name=password]", "a guess")
    visitor.get_by_role("button", name="Log in").click()
    visitor.get_by_text("Wrong password.").wait_for()
    visitor.fill("[name=password]", password)
    visitor.get_by_role("button", name="Log in").click()
    visitor.get_by_role("button", name="Start").wait_for()
    seen["logged_in_at"] = visitor.url

    # In the browser of someone who is logged in.
    with HTTPServer(("127.0.0.1", 0), AnotherSite) as server:
        AnotherSite.page = PAGE.replace("{address}", address).encode()
        threading.Thread(target=server.serve_forever).start()
        page = context.new_page()
        statuses: dict[str, int] = {}
        page.on("response", lambda answer: statuses.update({answer.url.removeprefix(address): answer.status}))
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        with page.expect_response(f"{address}/stop"):
            seen["tried"] = page.evaluate(TRY, address)
        seen["statuses"] = {path: status for path, status in statuses.items() if path.startswith("/")}
        server.shutdown()
    return seen


def main(address: str, password: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        print(json.dumps(attack(browser, address, password)))
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
