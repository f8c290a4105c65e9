"""A redirect in place of an answer: where to, and the URL to use instead."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import SplitResult, urljoin, urlsplit

from wiretax.channels.endpoint import DEFAULT_PORTS, Endpoint, EndpointError, host_and_port

TLS_TO_ITSELF = "the server takes the call for plain HTTP; have the proxy in front send X-Forwarded-Proto: https"
TO_ITSELF = "check the redirects of the server, and of a proxy in front of it"
REWRITES = "a proxy rewrites the path of the call; have it leave paths under /apps unchanged"
ELSEWHERE = "this is not the HTTP API; let /apps through if a proxy asks for a login, or check host and port"
# Longer addresses are cut: they carry what a login page wants to know.
SHOWN = 120


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where a call is redirected to.

    Attributes:
        where: the address, without its query, as part of a sentence.
        advice: what to do.
    """

    where: str
    advice: str


def read_redirect(endpoint: Endpoint, target: str, location: str) -> Redirect:
    """Read a redirect.

    Args:
        endpoint: the endpoint that was called.
        target: the target of the call, without its query.
        location: the Location field.
    """
    called = f"{endpoint.scheme}://{endpoint.authority}{target}"
    try:
        to = urlsplit(urljoin(called, location))
        authority = _authority(to)
    except ValueError:
        without_query = location.partition("?")[0]
        return Redirect(f"{without_query[:SHOWN]!r}, which is not a URL", "check scheme, host and port")
    where = f"{to.scheme}://{authority}{to.path}"[:SHOWN]
    if where == called:
        return Redirect("the same address", TLS_TO_ITSELF if endpoint.scheme == "https" else TO_ITSELF)
    meant = _endpoint_at(endpoint, to)
    if meant is None:
        return Redirect(where, ELSEWHERE)
    if meant == endpoint:
        return Redirect(where, REWRITES)
    return Redirect(where, f"use {meant.template_url}; wiretax follows no redirects")


def _authority(to: SplitResult) -> str:
    """Host and port, without the port if it is the scheme's default, and never a user."""
    if to.port in (None, DEFAULT_PORTS.get(to.scheme)):
        return f"[{to.hostname}]" if ":" in (to.hostname or "") else to.hostname or ""
    return host_and_port(to.hostname or "", to.port)


def _endpoint_at(endpoint: Endpoint, to: SplitResult) -> Endpoint | None:
    """The endpoint that an address belongs to: it has the app's path, or is another scheme or port of the host."""
    app_path = re.fullmatch(f"(.*?)/apps/{re.escape(endpoint.app.app_id)}(/.*)?", to.path)
    same_host = to.hostname == endpoint.host.lower()
    moved = (to.scheme, to.port or DEFAULT_PORTS.get(to.scheme)) != (endpoint.scheme, endpoint.port)
    if app_path is None and not (same_host and moved):
        return None
    app, prefix = endpoint.app, endpoint.prefix if app_path is None else app_path[1]
    url = f"{to.scheme}://key:secret@{_authority(to)}{prefix}/apps/{app.app_id}"
    try:
        return replace(Endpoint.parse(url), app=app, signs_prefix=endpoint.signs_prefix)
    except EndpointError:
        return None
