"""A token for requests that change something: the web UI's pages know it, and other sites' pages can't read it."""

from __future__ import annotations

import hmac
import secrets
from typing import Any

from flask import request
from werkzeug.wrappers import Response

HEADER = "X-Wiretax-Token"
# In forms that the browser posts by itself, such as the login's.
FIELD = "wiretax_token"
SAFE = {"GET", "HEAD", "OPTIONS"}
SCRIPT = "token.js"
# No form is longer, and a request without a token must not fill the memory.
LONGEST_BODY_BYTES = 1 << 20


class Token:
    """The token of one process."""

    def __init__(self, base: str) -> None:
        """``base``: the path of the routes that anyone may read, a login or not."""
        self.value = secrets.token_urlsafe(32)
        self._head = f'<meta name="{FIELD}" content="{self.value}"><script src="{base}/{SCRIPT}"></script>'

    def require(self, app: Any) -> None:
        """Refuse requests without the token, whatever their route is."""
        app.config["MAX_CONTENT_LENGTH"] = LONGEST_BODY_BYTES
        app.before_request(self._refusal)

    def in_page(self, page: str) -> str:
        """A page whose requests have the token."""
        # First, as what else the page loads may send requests at once.
        return page.replace("<head>", f"<head>{self._head}", 1)

    def _refusal(self) -> Response | None:
        if request.method in SAFE:
            return None
        given = request.headers.get(HEADER) or request.form.get(FIELD, "")
        if hmac.compare_digest(given.encode(), self.value.encode()):
            return None
        return Response(
            "403: the token of this web UI is missing or out of date; reload the page, or in a script get "
            f"wiretax/token and send it as {HEADER}\n",
            403,
            mimetype="text/plain",
        )
