"""Runs the publisher: a command in any language that reads the server's address from its environment."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class PublisherError(OSError):
    """A command that can't be started; the message is one line."""


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """How a command ended.

    Attributes:
        code: its exit code; 128 plus the signal's number if a signal ended it.
        signal: the number of that signal, else 0.
        interrupted: whether Ctrl-C, SIGTERM or SIGHUP stopped the observation.
    """

    code: int
    signal: int
    interrupted: bool

    def __str__(self) -> str:
        if self.signal:
            return f"CMD was ended by {signal.Signals(self.signal).name} (exit code {self.code})"
        return f"CMD ended with exit code {self.code}"


def bypass_web_proxies(inherited: Mapping[str, str], host: str) -> dict[str, str]:
    """Variables that make a command connect to ``host`` without a web proxy; empty if none is configured."""
    if not any(name.lower() in ("http_proxy", "all_proxy") for name in inherited):
        return {}
    excluded = inherited.get("no_proxy") or inherited.get("NO_PROXY")
    return dict.fromkeys(("no_proxy", "NO_PROXY"), f"{excluded},{host}" if excluded else host)


async def run_publisher(command: Sequence[str], variables: dict[str, str]) -> ExitStatus:
    """Run a command until it exits, with the standard input and output of this process. The first signals go to
    the command; after its end they are ignored.

    Raises:
        PublisherError: if it can't be started.
    """
    loop = asyncio.get_running_loop()
    try:
        process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **variables})
    except OSError as error:
        why = "no such command" if isinstance(error, FileNotFoundError) else error.strerror
        raise PublisherError(f"can't run {command[0]}: {why}") from None
    received: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        received.append(number)
        # A terminal sends Ctrl-C to the command as well; a second one would interrupt its clean-up.
        from_terminal = number == signal.SIGINT and _is_in_foreground()
        if process.returncode is None and len(received) > 2:
            process.kill()
        elif process.returncode is None and not from_terminal:
            process.send_signal(number)

    heard = [number for number in SIGNALS if number != signal.SIGHUP or not _is_ignored(number)]
    for number in heard:
        loop.add_signal_handler(number, stop, number)
    try:
        code = await process.wait()
    finally:
        # Further signals are ignored until the run is written, long after this loop is closed, and those that come
        # between two handlers wait for the next.
        signal.pthread_sigmask(signal.SIG_BLOCK, heard)
        for number in heard:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, heard)
    return ExitStatus(128 - code if code < 0 else code, max(0, -code), bool(received))


def _is_ignored(number: signal.Signals) -> bool:
    """Whether a signal is ignored, as SIGHUP is under nohup."""
    return signal.getsignal(number) == signal.SIG_IGN


def _is_in_foreground() -> bool:
    """Whether this process is in its terminal's foreground, so that Ctrl-C reaches its children too."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
