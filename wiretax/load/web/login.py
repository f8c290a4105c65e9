"""A login for Locust's --web-login: one password, in an environment variable, so that no process list shows it."""

from __future__ import annotations

import hmac
import os
import secrets
from typing import Any

from flask import redirect, request, session, url_for
from flask_login import UserMixin, login_user
from locust.web import WebUI
from werkzeug.wrappers import Response

from wiretax.load.web.guesses import GuessLimit

PASSWORD_VARIABLE = "WIRETAX_WEB_PASSWORD"


class Visitor(UserMixin):  # type: ignore[misc]
    """The one user: whoever knows the password."""

    id = "visitor"


def add_login(web_ui: WebUI, guesses: GuessLimit | None = None) -> None:
    """Have --web-login ask for the environment's password; without one, a locustfile has to set up a login."""
    password = os.environ.get(PASSWORD_VARIABLE)
    if not web_ui.web_login or not password:
        return
    app: Any = web_ui.app
    # Logins end with the process, so the key need not be kept.
    app.secret_key = secrets.token_bytes(32)
    app.config.update(SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_HTTPONLY=True)
    web_ui.login_manager.user_loader(lambda name: Visitor() if name == Visitor.id else None)
    known = password.encode()
    limit = guesses or GuessLimit()

    @app.route(f"{_base(web_ui)}/wiretax/login", methods=["POST"], endpoint="wiretax_login")  # type: ignore[untyped-decorator]
    def login() -> Response:
        address = request.remote_addr
        wait_s = limit.wait_s(address)
        if wait_s:
            # The right password, too: it would be known by its answer.
            session["auth_error"] = f"Too many wrong passwords from your address; try again in {wait_s} s."
        elif hmac.compare_digest(request.form.get("password", "").encode(), known):
            limit.right(address)
            login_user(Visitor())
            return redirect(url_for("locust.index"))
        else:
            limit.wrong(address)
            session["auth_error"] = "Wrong password."
        return redirect(url_for("locust.login"))

    web_ui.auth_args = {
        "custom_form": {
            "inputs": [{"label": "Password", "name": "password", "is_secret": True, "is_required": True}],
            "callback_url": f"{_base(web_ui)}/wiretax/login",
            "submit_button_text": "Log in",
        }
    }


def _base(web_ui: WebUI) -> str:
    options = web_ui.environment.parsed_options
    return (options.web_base_path or "").rstrip("/") if options else ""
