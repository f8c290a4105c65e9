"""Checks Locust's form as a whole before a test starts; a rejected form changes nothing."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, jsonify, request
from gevent.lock import BoundedSemaphore
from locust import User
from locust.env import Environment
from locust.runners import STATE_RUNNING, STATE_SPAWNING

from wiretax.load.drivers.errors import START_ERRORS
from wiretax.load.drivers.locustfiles.locust_session import LocustSession
from wiretax.load.free.options import NO_PLAN
from wiretax.load.web.form.options import option_values, own_options, refuse_changes, shown_fields
from wiretax.load.web.form.values import refuse_run_time, users
from wiretax.load.web.form.wording import FieldError, in_words_of_form

ROUTE = "locust.swarm"
LOGGED_IN = object()


@dataclass(frozen=True, slots=True)
class EnvironmentState:
    """What Locust's handler changes before it has read the whole form."""

    options: dict[str, Any]
    others: dict[str, Any]

    @classmethod
    def of(cls, environment: Environment) -> EnvironmentState:
        names = ("host", "profile", "user_classes", "shape_class", "locustfile")
        return cls(dict(vars(environment.parsed_options)), {name: getattr(environment, name) for name in names})

    def restore(self, environment: Environment) -> None:
        options = vars(environment.parsed_options)
        options.clear()
        options.update(self.options)
        for name, value in self.others.items():
            setattr(environment, name, value)


def check_swarm(environment: Environment, session: LocustSession) -> None:
    """Have each form checked, and its test prepared, before Locust reads it."""
    web_ui: Any = environment.web_ui
    locust_view: Callable[[], Response] = web_ui.app.view_functions[ROUTE]
    # One form at a time, so that a rejected one restores what was there before it.
    turn = BoundedSemaphore(1)
    at_start = EnvironmentState.of(environment)

    def swarm() -> Response:
        if not is_logged_in(environment):
            return locust_view()
        with turn:
            return _start(environment, session, locust_view, at_start)

    web_ui.app.view_functions[ROUTE] = swarm


def is_logged_in(environment: Environment) -> bool:
    """Whether Locust would let this request through; always without --web-login."""
    web_ui: Any = environment.web_ui
    return web_ui.auth_required_if_enabled(lambda: LOGGED_IN)() is LOGGED_IN


def _start(
    environment: Environment,
    session: LocustSession,
    locust_view: Callable[[], Response],
    at_start: EnvironmentState,
) -> Response:
    before = EnvironmentState.of(environment)
    runner = environment.runner
    runs = runner is not None and runner.state in (STATE_SPAWNING, STATE_RUNNING)
    web_ui: Any = environment.web_ui
    others = web_ui.template_args.get("extra_options", {}).keys() - own_options().keys()
    try:
        # A test begins with the options of the command line, not with those of an earlier form.
        values = option_values((before if runs else at_start).options, request.form, others)
        _refuse_unknown_classes(environment)
        refuse_run_time(request.form.get("run_time", ""))
        # A shape says how many there are.
        number = 1 if _has_shape(environment) else users(request.form)
        if runs:
            refuse_changes(before.options, values)
            session.allow_users(number, _chosen_classes(environment))
        else:
            if not number and values["plan"] != NO_PLAN:
                raise FieldError("user_count", number, "1 or more with a plan")
            session.prepare(Namespace(**values), number, _chosen_classes(environment), ask=True)
    except START_ERRORS as error:
        return _rejected(environment, *in_words_of_form(error, request.form, shown_fields()))
    accepted = False
    if not runs:
        at_start.restore(environment)
    try:
        response = locust_view()
        accepted = bool(response.get_json()["success"])
    except (KeyError, TypeError, ValueError) as error:
        response = _rejected(environment, f"a field can't be used: {error}", "")
    finally:
        if accepted:
            # Locust has stored them as text; its test starts once this greenlet waits.
            vars(environment.parsed_options).update({name: values[name] for name in (*own_options(), "host")})
        else:
            before.restore(environment)
            if not runs:
                session.discard()
    return response


def _has_shape(environment: Environment) -> bool:
    """Whether a ``LoadTestShape`` will say how many users there are."""
    web_ui: Any = environment.web_ui
    if web_ui.userclass_picker_is_active:
        return request.form.get("shape_class", "Default") != "Default"
    return environment.shape_class is not None


def _rejected(environment: Environment, message: str, field: str) -> Response:
    """As Locust words it, with the field to correct; empty if that is unknown."""
    return jsonify({"success": False, "message": message, "field": field, "host": environment.host})


def _refuse_unknown_classes(environment: Environment) -> None:
    """Check the names of user classes and of the shape, of which Locust ignores the one and fails at the other."""
    web_ui: Any = environment.web_ui
    if not web_ui.userclass_picker_is_active:
        return
    shape = request.form.get("shape_class", "Default")
    for what, names, known in (
        ("user_classes", request.form.getlist("user_classes"), environment.available_user_classes or {}),
        ("shape_class", [shape], {"Default", *(environment.available_shape_classes or {})}),
    ):
        for name in names:
            if name not in known:
                raise FieldError(what, name, ", ".join(sorted(known)))


def _chosen_classes(environment: Environment) -> list[type[User]]:
    """The classes of the users that Locust will start."""
    web_ui: Any = environment.web_ui
    if not web_ui.userclass_picker_is_active:
        return list(environment.user_classes)
    available: Any = environment.available_user_classes or {}
    chosen = request.form.getlist("user_classes")
    runner = environment.runner
    if not chosen and runner is not None and runner.state == STATE_RUNNING:
        return list(environment.user_classes)
    return [each for name, each in available.items() if not chosen or name in chosen]
