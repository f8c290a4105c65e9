"""Locust with the scenarios in the test's own process, unpatched: its web form, its users, its runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import gevent

with mock.patch.dict(os.environ, {"LOCUST_SKIP_MONKEY_PATCH": "1"}):
    import locust  # noqa: F401  # before anything else of it, as this decides whether it patches

from locust import LoadTestShape, User
from locust.argument_parser import get_parser
from locust.env import Environment

from scenarios.locustfile import BatchUser, MultiTriggerUser, QueueUser, TriggerUser, prepare
from wiretax.runs.reader import Run, newest_first, read_run

__all__ = [
    "CLASSES",
    "USERS",
    "BatchUser",
    "Inside",
    "LoadTestShape",
    "MultiTriggerUser",
    "QueueUser",
    "TriggerUser",
    "User",
    "inside",
]

CLASSES = [BatchUser, MultiTriggerUser, QueueUser, TriggerUser]
PATIENCE_S = 120.0
USERS = {"user_count": "4", "spawn_rate": "50"}


class Inside:
    """One Locust process's worth of environment and session, in the working directory."""

    def __init__(
        self, arguments: Sequence[str], classes: list[type[Any]], web: bool, picker: bool, shape: Any = None
    ) -> None:
        parsed = get_parser().parse_args([*([] if web else ["--headless"]), *arguments])
        self.environment = Environment(
            user_classes=list(classes),
            shape_class=shape,
            parsed_options=parsed,
            host=parsed.host,
            available_user_classes={each.__name__: each for each in classes},  # type: ignore[misc]
        )
        self.runner = self.environment.create_local_runner()
        if web:
            self.environment.create_web_ui(
                port=0,
                delayed_start=True,
                userclass_picker_is_active=picker,
                web_login=parsed.web_login,
            )
        # The tests' process keeps its own way of being interrupted.
        with mock.patch("wiretax.load.drivers.locustfiles.locust_session.on_interrupt"):
            session = prepare(self.environment)
        assert session is not None
        self.session = session

    @property
    def exit_code(self) -> int | None:
        return self.environment.process_exit_code

    def post(self, path: str, **form: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.visitor().post(path, data=form).get_json()
        return answer

    def visitor(self) -> Any:
        """A client of the web UI whose requests have its token, as a page's have."""
        web_ui: Any = self.environment.web_ui
        client = web_ui.app.test_client()
        client.environ_base["HTTP_X_WIRETAX_TOKEN"] = client.get("/wiretax/token").get_data(as_text=True)
        return client

    def until(self, true: Callable[[], object]) -> None:
        """Let Locust's greenlets run until something is so."""
        with gevent.Timeout(PATIENCE_S):
            while not true():
                gevent.sleep(0.01)

    def run(self, users: int = 4) -> Run:
        """Start users as ``--headless`` does, and wait for the run to end by itself."""
        self.runner.start(users, 50)
        self.until(lambda: self.session.saved and not self.session.is_running)
        return self.newest

    def start(self, **form: Any) -> None:
        """Start a test by the form, and return once something was published."""
        answer = self.post("/swarm", **USERS, **form)
        assert answer["success"], answer
        session = self.session
        self.until(lambda: session.is_running and session.run is not None)
        self.until(lambda: self.published)

    def stop(self) -> Run:
        """Stop it, and read the run it left."""
        self.runner.stop()
        return self.newest

    @property
    def published(self) -> bool:
        """Whether each of the classes' workloads, or one of a plan's, was acknowledged."""
        run: Any = self.session.run
        slices = [] if self.session.ready.plan is not None else run.unfinished()  # type: ignore[union-attr]
        if not slices:
            return bool(run.record.slices)
        return len(slices) >= len(self.environment.user_classes) and all(each.measured.events for each in slices)

    @property
    def newest(self) -> Run:
        return read_run(newest_first(Path("results"))[0])

    def close(self) -> None:
        self.runner.quit()
        self.session.close()


@contextmanager
def inside(
    *arguments: str,
    classes: list[type[Any]] = CLASSES,
    web: bool = False,
    picker: bool = False,
    shape: Any = None,
    **env: str,
) -> Iterator[Inside]:
    """What ``locust -f scenarios/locustfile.py`` sets up with these arguments.

    Raises:
        SystemExit: as there; why is in the log.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PUSHER", "WIRETAX"))}
    own.update(env)
    # Locust's page reads the command line again.
    with mock.patch.dict(os.environ, own, clear=True), mock.patch.object(sys, "argv", ["locust"]):
        made = Inside(arguments, classes, web, picker, shape)
        try:
            yield made
        finally:
            made.close()
