"""What a server did in place of accepting a call, and what to do about it."""

from __future__ import annotations

import ssl

from wiretax.channels.endpoint import Endpoint
from wiretax.channels.pages import tells_of_page
from wiretax.channels.remedies import prefix_remedy, remedy
from wiretax.doctor.exchange import TimedExchange
from wiretax.doctor.finding import Finding
from wiretax.doctor.redirect import read_redirect
from wiretax.doctor.server_connection import ServerConnection
from wiretax.wire.reach.client_certificate import ADVICE as CERTIFICATE_ADVICE


def rejected(name: str, done: TimedExchange, endpoint: Endpoint) -> Finding:
    """The finding if a server answered a call, and did not accept it."""
    answer = done.response.answer
    location = done.fields.get("location", "")
    if answer.kind == "rejected" and 300 <= answer.status < 400 and location:
        redirect = read_redirect(endpoint, done.path, location)
        return Finding(name, "failed", f"{answer.status}: redirects to {redirect.where}", redirect.advice)
    found = answer.words
    if tells_of_page(answer.message) and (sender := done.fields.get("server")):
        found = f"{found} from {sender}"
    advice = remedy(answer.kind, answer.status, answer.message) + prefix_remedy(endpoint, answer.status)
    return Finding(name, "failed", found, advice)


def no_response(server: ServerConnection, name: str, error: Exception) -> Finding:
    """The finding if a request got no response."""
    if server.wants_certificate and not isinstance(error, TimeoutError):
        return lacks_certificate(name, error)
    if isinstance(error, TimeoutError):
        return Finding(name, "failed", reason(error), "check the port; the server may be stuck")
    return Finding(name, "failed", reason(error), "check port, scheme (http or https) and path of the URL")


def lacks_certificate(name: str, error: Exception) -> Finding:
    """The finding if a server closed a connection after it had asked for a client certificate."""
    return Finding(
        name, "failed", f"the server asks for a client certificate ({reason(error)})", CERTIFICATE_ADVICE
    )


def reason(error: Exception) -> str:
    """Why something failed, as part of a sentence."""
    if isinstance(error, TimeoutError):
        return str(error) or "timed out"
    if isinstance(error, ssl.SSLError):
        return error.reason or str(error)
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
