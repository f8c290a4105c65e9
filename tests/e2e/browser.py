"""Opens a page in Chromium and prints what was seen there, as JSON.

A process of its own: Playwright runs asyncio and greenlets, which gevent in a test's process would upset.

    python browser.py PAGE
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE, DESK = 390, 1280
# The width of A4 paper without its margins, in CSS pixels.
PAPER = 688
# What loads or runs something, but for images and links within the page.
ACTIVE = """() => [...document.querySelectorAll("*")].filter(each =>
    ["script", "iframe", "object", "embed", "form", "base"].includes(each.localName)
    || [...each.attributes].some(({ name, value }) =>
        name.startsWith("on") || /^ *javascript:/i.test(value)
        || (name === "src" && !value.startsWith("data:image/")))
).map(each => each.outerHTML.slice(0, 200))"""
LOOK = """() => ({
    headings: [...document.querySelectorAll("h1, h2, h3")].map(each => [each.tagName, each.id, each.innerText]),
    text: document.body.innerText,
    links: [...document.querySelectorAll("nav a")].map(each => each.getAttribute("href")),
    images: [...document.images].map(each => [each.alt, each.naturalWidth]),
    // What is cut off at the edge of the window, and doesn't scroll in a region that a keyboard reaches.
    cut: [...document.querySelectorAll("main *")].filter(each =>
        each.getBoundingClientRect().right > innerWidth + 1
        && !each.closest(".wide[tabindex], .drawing[tabindex], svg")
        && getComputedStyle(each).position !== "absolute").map(each => each.outerHTML.slice(0, 200)),
    unnamed: [...document.querySelectorAll("[tabindex='0'], nav, svg")].filter(each =>
        !each.getAttribute("aria-label") && !each.getAttribute("aria-labelledby")
    ).map(each => each.outerHTML.slice(0, 200)),
    ids: [...document.querySelectorAll("[id]")].map(each => each.id),
    titles: [...document.querySelectorAll("figure")].map(each => each.querySelector(".finding")?.innerText ?? ""),
    data: [...document.querySelectorAll("a.data")].map(each => [each.download, each.href]),
    drawings: [...document.querySelectorAll("figure")].map(each => {
        const box = (each.querySelector("svg, img")).getBoundingClientRect();
        return [each.id, each.querySelector("figcaption").innerText, box.width, box.height];
    }),
    paper: getComputedStyle(document.body).backgroundColor,
    width: document.documentElement.scrollWidth,
})"""


def look(page: Page, width: int, scheme: Any) -> dict[str, Any]:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    seen: dict[str, Any] = page.evaluate(LOOK)
    return seen


def on_paper(page: Page) -> dict[str, Any]:
    """What a printer gets: collapsed tables are open, and no table is wider than the paper."""
    page.set_viewport_size({"width": PAPER, "height": 1000})
    page.emulate_media(color_scheme="dark", media="print")
    seen: dict[str, Any] = page.evaluate(
        """() => ({
            wide: [...document.querySelectorAll("table, svg, img")].filter(each =>
                each.getBoundingClientRect().right > innerWidth + 1).map(each => each.outerHTML.slice(0, 200)),
            hidden: [...document.querySelectorAll("table")].filter(each => !each.checkVisibility()).length,
            paper: getComputedStyle(document.body).backgroundColor,
        })"""
    )
    page.emulate_media(media="screen")
    return seen


def main(address: str) -> None:
    requests: list[str] = []
    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        page = browser.new_page()
        page.on("request", lambda request: requests.append(request.url))
        # What the page's own policy holds back has not left the browser.
        page.on("requestfailed", lambda request: request.failure == "csp" and requests.remove(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(address, wait_until="networkidle")
        seen = {
            "desk": look(page, DESK, "light"),
            "dark": look(page, DESK, "dark"),
            "phone": look(page, PHONE, "light"),
            "paper": on_paper(page),
            "requests": [url for url in requests if not url.startswith("data:")],
            "said": said,
            "active": page.evaluate(ACTIVE),
            "title": page.title(),
        }
        browser.close()
    print(json.dumps(seen))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve().as_uri())
