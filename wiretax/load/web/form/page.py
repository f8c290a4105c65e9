"""The form as a part of Locust's page: the fields with their values, without secrets."""

from __future__ import annotations

from argparse import Action
from collections.abc import Iterator, Mapping, Sequence
from inspect import getdoc
from typing import Any

from locust import User
from locust.env import Environment

from wiretax.documents import read_toml
from wiretax.load.client.message_limit import USUAL_MESSAGES
from wiretax.load.drivers.locustfiles.locust_session import LocustSession
from wiretax.load.free.destination import endpoint_from
from wiretax.load.free.options import NO_PLAN
from wiretax.load.plan.reading import PLANS
from wiretax.load.users.publishers import FreeUser
from wiretax.load.web.form.fields import EDITABLE, FIELDS, QUEUE, SECTIONS, Field, Section, label
from wiretax.load.web.form.options import form_options, is_secret
from wiretax.load.web.templates import template

ABOUT_NO_PLAN = "The users below send side by side, until they are stopped. To compare speeds, choose a plan."
# Of users by what they give: an API, or a queue.
ABOUT = {
    "trigger": "one event per call",
    "batch": "several events per call",
    "multi_trigger": "one event to several channels per call",
    QUEUE: "events arrive at a rate, whatever the server does",
}
PRESELECTED = {"trigger", "batch"}


class StartForm:
    """The form to start a test, and the one of a running test."""

    def __init__(self, environment: Environment, session: LocustSession) -> None:
        """Made before the first test, while the options are those of the command line."""
        self._environment: Any = environment
        self._session = session
        parsed: Any = environment.parsed_options
        self._agreed = bool(parsed.yes)
        # Events from outside are published by these users alone.
        self._preselected = {QUEUE} if parsed.events or parsed.redis else PRESELECTED
        self._endpoint = endpoint_from(parsed)
        self._template = template("form.html")

    def html(self) -> str:
        """Both forms, as templates that a script puts into Locust's page."""
        given = self._endpoint
        others = self._others()
        more = [Section("More", tuple(others))] if others else []
        return self._template.render(
            sections=[self._section(each) for each in (*SECTIONS, *more)],
            edit=self._section(EDITABLE),
            remote="" if given is None or given.is_loopback else given.host,
            limit=USUAL_MESSAGES,
            agreed=self._agreed,
            consent=label("yes"),
        )

    @property
    def _options(self) -> Mapping[str, Mapping[str, Any]]:
        """What Locust's form has of each option, those of the locustfile included; made anew for each page."""
        found: Mapping[str, Mapping[str, Any]] = self._environment.web_ui.template_args["extra_options"]
        return found

    def _section(self, section: Section) -> dict[str, Any]:
        folded = [self._view(each) for each in section.folded if self._has(each)]
        needs = [each["needs"] for each in folded]
        return {
            "title": section.title,
            "needs": " ".join(section.needs),
            "fields": [self._view(each) for each in section.fields if self._has(each)],
            "folded": folded,
            "folded_title": section.folded_title,
            "folded_needs": "" if "" in needs else " ".join(dict.fromkeys(" ".join(needs).split())),
        }

    def _has(self, field: Field) -> bool:
        web_ui = self._environment.web_ui
        if field.name == "user_classes":
            return bool(web_ui.userclass_picker_is_active)
        if field.name == "shape_class":
            return len(web_ui.template_args.get("available_shape_classes", [])) > 1
        return True

    def _others(self) -> list[Field]:
        """The options of the locustfile that are not described here."""
        return [
            Field(name, label(name), help=each["help_text"] or "")
            for name, each in self._options.items()
            if name not in FIELDS
        ]

    def _view(self, field: Field) -> dict[str, Any]:
        """What the template shows of a field."""
        value, action = self._value(field.name), form_options().get(field.name)
        view = {
            "name": field.name,
            "label": field.label,
            "unit": field.unit,
            "help": field.help,
            "hint": field.hint,
            "needs": " ".join(field.needs),
            "kind": "text",
            "value": "" if value is None else " ".join(value) if isinstance(value, list) else value,
        }
        choices = self._choices(field.name, action, value)
        if field.name == "user_classes":
            view |= {"kind": "classes"}
        elif choices:
            view |= {"kind": "select", "multiple": isinstance(value, list)}
        elif isinstance(value, bool):
            view |= {"kind": "checkbox"}
        elif action is not None and is_secret(action):
            view |= {"kind": "password"}
        elif isinstance(value, int | float):
            view |= {"numeric": True}
        if field.name == "endpoint":
            given = self._endpoint
            empty = "a mock on this machine" if given is None else f"{given.public_url}, given at start"
            view |= {"help": f"Empty: {empty}.", "wide": True}
        return view | {"choices": choices, "wide": view.get("wide", field.name == "plan")}

    def _value(self, name: str) -> Any:
        parsed: Any = self._environment.parsed_options
        action = form_options().get(name)
        if action is not None and is_secret(action):
            return ""
        if name == "user_count":
            return parsed.num_users or 1
        if name == "spawn_rate":
            return f"{parsed.spawn_rate or 1:g}"
        if name == "run_time":
            return f"{parsed.run_time}s" if isinstance(parsed.run_time, int) and parsed.run_time else ""
        if name == "host":
            return self._environment.host or ""
        if name in ("user_classes", "shape_class"):
            return ""
        if action is None and self._options.get(name, {}).get("is_secret"):
            return ""
        return getattr(parsed, name, "")

    def _choices(self, name: str, action: Action | None, value: Any) -> list[dict[str, Any]]:
        web_ui = self._environment.web_ui
        if name == "user_classes":
            return list(self._classes())
        if name == "shape_class":
            known: Sequence[str] = web_ui.template_args["available_shape_classes"]
            return [_choice(each, each == "Default") for each in known]
        if name == "plan" and action is not None:
            return [_plan(each, each == value) for each in action.choices or ()]
        if action is not None:
            return [_choice(str(each), each == value) for each in action.choices or ()]
        chosen = value if isinstance(value, list) else [value]
        return [_choice(str(each), each in chosen) for each in self._options.get(name, {}).get("choices") or ()]

    def _classes(self) -> Iterator[dict[str, Any]]:
        """The user classes; chosen are those of the last free run, else those that need no further thought."""
        available: Mapping[str, type[User]] = self._environment.available_user_classes or {}
        ready = self._session.ready
        had = None if ready is None or ready.free is None else set(self._environment.user_classes)
        order = [*ABOUT, ""]
        for name, each in sorted(available.items(), key=lambda item: (order.index(gives(item[1])), item[0])):
            kind = gives(each)
            about = ABOUT.get(kind) or (getdoc(each) or "").partition("\n")[0]
            on = each in had if had is not None else kind in self._preselected
            yield {**_choice(name, on), "about": about, "gives": kind}


def gives(user: type[User]) -> str:
    """The API that users of a class call, or that they drain a queue; empty if they publish nothing."""
    if not issubclass(user, FreeUser) or user.subscribes:
        return ""
    return QUEUE if user.drains_queue else user.api


def _choice(value: str, is_on: bool) -> dict[str, Any]:
    return {"value": value, "text": value, "on": is_on, "off": False, "about": ""}


def _plan(name: str, is_on: bool) -> dict[str, Any]:
    """A plan with what the comment at the beginning of its file says."""
    if name == NO_PLAN:
        return {**_choice(name, is_on), "text": "none: a free run", "about": ABOUT_NO_PLAN}
    path = PLANS / f"{name}.toml"
    lines = path.read_text().splitlines()
    comment = []
    for line in lines:
        if not line.startswith("#"):
            break
        comment.append(line.lstrip("# "))
    if "capacity" in read_toml(path):
        return {**_choice(name, False), "text": f"{name}: on the command line only", "off": True}
    return {**_choice(name, is_on), "about": " ".join(comment)}
