"""Refuses requests that another site's page sent, before any route sees them.

A browser lets any page send requests to any address, this machine included. Two headers tell them apart: ``Host``
is the name in the page's address, which is the other site's if that name was pointed at this machine (DNS
rebinding); ``Origin``, or ``Referer``, is the page that sent the request.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from werkzeug.wrappers import Response

from wiretax.channels.endpoint import is_loopback

NAME_OPTION = "--web-name"
EVERYWHERE = {"", "*", "0.0.0.0", "::"}
PORTS = {"http": 80, "https": 443}
# Locust lets every site read its answers.
NOT_SENT = "access-control-"
ADDED = [
    ("X-Content-Type-Options", "nosniff"),
    # In a frame of another site, a visitor could be made to click on Start.
    ("X-Frame-Options", "SAMEORIGIN"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
]
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
log = logging.getLogger(__name__)


def add_web_options(parser: Any) -> None:
    """Add the options of the web UI to Locust's parser; none of them is in the form."""
    parser.add_argument(
        NAME_OPTION,
        default="",
        env_var="WIRETAX_WEB_NAME",
        include_in_web_ui=False,
        help="Names of this machine, separated by commas, under which others may open the web UI",
    )


def warn_if_open(host: str, has_login: bool) -> None:
    """Warn about a web UI that other machines can use without a password."""
    if has_login or (host not in EVERYWHERE and is_loopback(_bare(host))):
        return
    log.warning(
        "wiretax: the web UI listens on %s without a login: anyone who can reach it can start tests, also against "
        "servers elsewhere; set WIRETAX_WEB_PASSWORD and add --web-login, or use --web-host 127.0.0.1",
        "all addresses of this machine" if host in EVERYWHERE else host,
    )


class Guard:
    """Passes requests on to an application if they are addressed to it and come from its own pages."""

    def __init__(self, application: Application, host: str, names: Iterable[str] = ()) -> None:
        """Guard an application.

        Args:
            application: gets the requests that pass.
            host: the address it listens on.
            names: further names under which it may be opened.
        """
        self._application = application
        self._is_everywhere = host in EVERYWHERE
        self._names = {"localhost", *(_bare(each) for each in (host, *names))} - {""}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        objection = self.objection(environ)

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            kept = [each for each in headers if not each[0].lower().startswith(NOT_SENT)]
            return start_response(status, [*kept, *ADDED], *more)

        if objection:
            return Response(f"403: {objection}\n", 403, mimetype="text/plain")(environ, start)
        return self._application(environ, start)

    def objection(self, environ: dict[str, Any]) -> str:
        """Why a request is refused; empty if it passes."""
        host = environ.get("HTTP_HOST", "")
        asked = _split(f"//{host}")
        if asked is None or asked.netloc != host or not self._is_ours(asked.hostname or ""):
            return (
                f"the web UI was asked for as {host!r:.80}, which is not the address it listens on; open it under "
                f"that address, or start it with {NAME_OPTION} and this name"
            )
        # Browsers send an Origin with each POST, and often a Referer with anything else.
        for header in ("Origin", "Referer"):
            sender = environ.get(f"HTTP_{header.upper()}")
            if sender is not None and not _is_same(sender, asked):
                return (
                    f"another site's page sent this request ({header}: {sender!r:.80}); open the web UI by its "
                    "address"
                )
        return ""

    def _is_ours(self, name: str) -> bool:
        name = _bare(name)
        if name in self._names or is_loopback(name):
            return True
        # No other site can have an address for its name.
        return self._is_everywhere and _address(name) is not None


def _split(url: str) -> SplitResult | None:
    """The parts of a URL; None if it is none, or names a user."""
    try:
        parts = urlsplit(url)
        # Raises if the port is no number.
        return parts if parts.port != 0 and parts.hostname and "@" not in parts.netloc else None
    except ValueError:
        return None


def _is_same(sender: str, asked: SplitResult) -> bool:
    """Whether a page's address has the host and the port that the request was sent to."""
    page = _split(sender)
    if page is None or page.scheme not in PORTS:
        return False
    usual = PORTS[page.scheme]
    return (page.hostname, page.port or usual) == (asked.hostname, asked.port or usual)


def _bare(name: str) -> str:
    return name.strip().strip("[]").rstrip(".").lower()


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None
