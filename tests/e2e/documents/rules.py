"""How a command of the documents is run in the tests, and why some are not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Run:
    """A command is run as it is written.

    Attributes:
        env: what shortens it: variables, never another command.
        code: the expected exit code.
        says: what its output has, standard error included.
        serves: what its output has as soon as it serves; it then runs until the page ends and is interrupted.
        times: how often it is started, if it serves.
        waits_for: a command that serves before it, which then ends by itself.
        ignored: a pattern of lines that its output and the shown one need not share.
        tty: whether it prints to a terminal.
        files: what the user has for it, by name.
        needs: a program that may be missing.
        before: a line that makes what it finds, as other pages describe it.
        kept_as: the placeholder for its run in later commands.
    """

    env: Mapping[str, str] = field(default_factory=dict)
    code: int = 0
    says: str = ""
    serves: str = ""
    times: int = 1
    waits_for: str = ""
    ignored: str = ""
    tty: bool = False
    files: Mapping[str, str] = field(default_factory=dict)
    needs: str = ""
    before: str = ""
    kept_as: str = ""


@dataclass(frozen=True, slots=True)
class Skip:
    """A command is not run, for a reason; with make, ``make -n`` shows that it could be."""

    reason: str


Rule = Run | Skip


@dataclass(frozen=True, slots=True)
class Page:
    """What a user of a page has, and what its commands do.

    Attributes:
        commands: a rule for each command of the page, by its text.
        app: the id of the app of its servers.
        servers: what listens at a port, by the options of ``wiretax mock``; none for a Redis server.
        user: whether its commands are run in a folder of the user's with an installed wiretax, not in a checkout.
        env: what the page says to set first.
        outputs: why a block of output is not compared with what a command prints, by how it begins; the rule of a
            command for a block that stands below it.
    """

    commands: Mapping[str, Rule]
    app: str = "APP_ID"
    servers: Mapping[int, tuple[str, ...] | None] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    user: bool = False
    outputs: Mapping[str, Skip | str] = field(default_factory=dict)
