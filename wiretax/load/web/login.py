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

PASSWORD_VARIABLE = "WIRETAX_WEB_PASSWORD"


class Visitor(UserMixin):  # type: ignore[misc]
    """The one user: whoever knows the password."""

    id = "visitor"


def add_login(web_ui: WebUI) -> None:
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

    @app.route(f"{_base(web_ui)}/wiretax/login", methods=["POST"], endpoint="wiretax_login")  # type: ignore[untyped-decorator]
    def login() -> Response:
        if hmac.compare_digest(request.form.get("password", "").encode(), known):
            login_user(Visitor())
            return redirect(url_for("locust.index"))
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
