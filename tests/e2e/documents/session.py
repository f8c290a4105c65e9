"""A page's commands, run in order in a fresh copy of the checkout, on a machine that has only loopback.

Every name and port that the documents use is there: servers at their ports, hosts in ``/etc/hosts``, the user's
own files in the folder. No command is changed; variables of wiretax's and Locust's options make long ones short.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import IO

from collected import ROOT, Shown, commands
from commands import environment
from namespace import NAMESPACE, enter, loopback_only
from publishing import EVENT, PLAN, PRODUCER, PUBLISH
from redis_server import PROGRAM as REDIS
from rules import Page, Run
from warm import PATIENT, write_program

HOSTS = "127.0.0.1 localhost HOST MASTER api-eu.pusher.com api-mt1.pusher.com\n"
# Of a command, and of what it serves; a busy machine takes its time.
PATIENCE_S = 150.0
# Between two looks at a file that another process writes.
LOOK_S = 0.05
# As a user has it, and wide enough for each table.
COLUMNS = "120"
# Locust starts a user a second otherwise, and its web UI waits for a key.
USUAL = {
    "COLUMNS": COLUMNS,
    "LOCUST_SPAWN_RATE": "100",
    "BROWSER": "true",
    PATIENT: "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    **{f"GIT_{who}_{what}": "test@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}
STYLE = re.compile(r"\x1b\[[\d;]*m|\r")


class Session:
    """The commands of one page, each run once, after those before it."""

    def __init__(self, document: str, page: Page, folder: Path, namespace: str) -> None:
        self.page = page
        self.folder = folder / "wiretax"
        self._namespace = namespace
        self._state = folder / "state"
        self._state.touch()
        self._left = commands(document)
        self._done: dict[Shown, subprocess.CompletedProcess[str]] = {}
        self._serving: list[tuple[str, subprocess.Popen[str], Path]] = []
        _copy_checkout(self.folder, only_results=page.user)
        _write_own_files(self.folder)
        programs = f"{self.folder}:{self.folder / '.venv' / 'bin'}:{os.environ['PATH']}"
        self._env = environment(**USUAL, PATH=programs, **{NAMESPACE: namespace}, **page.env)

    def result(self, command: Shown) -> subprocess.CompletedProcess[str]:
        """What a command printed, after it and all before it were run."""
        while command not in self._done:
            each = self._left.pop(0)
            rule = self.page.commands[each.text]
            self._done[each] = self._run(each, rule) if isinstance(rule, Run) else _no_result()
        return self._done[command]

    def start_server(self, port: int, options: tuple[str, ...] | None) -> None:
        """Start what listens at a port: a mock with the page's app, or Redis."""
        if options is None:
            assert REDIS is not None
            line = f"{REDIS} --port {port} --save '' --appendonly no --dir {self._state.parent}"
            return self._serve(line, "Ready to accept connections", {})
        app = f"--app-id {self.page.app} --key KEY --secret SECRET"
        return self._serve(f"wiretax mock --port {port} {app} {' '.join(options)}", "listening", {})

    def close(self) -> None:
        """Interrupt what serves, as a user does in the end."""
        for _, process, _ in self._serving:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        for line, process, _ in self._serving:
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise AssertionError(f"{line}: still runs after Ctrl-C") from None

    def _run(self, command: Shown, rule: Run) -> subprocess.CompletedProcess[str]:
        if rule.serves:
            for _ in range(rule.times):
                self._serve(command.text, rule.serves, rule.env)
            if rule.waits_for:
                self._await_end(rule.waits_for)
            return _no_result()
        for name, text in rule.files.items():
            (self.folder / name).write_text(text)
        if rule.before:
            done = self._finish(rule.before, {})
            assert not done.returncode, done.stderr
        line = f"script -qec {shlex.quote(command.text)} /dev/null" if rule.tty else command.text
        done = self._finish(line, rule.env)
        if rule.tty:
            done.stdout = STYLE.sub("", done.stdout)
        if rule.kept_as:
            [newest, *_] = sorted((self.folder / "results").glob("2*"), reverse=True)
            shutil.copytree(newest, self.folder / "results" / rule.kept_as, dirs_exist_ok=True)
        return done

    def _finish(self, line: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        out, err = (self._state.with_name(name) for name in ("out", "err"))
        with out.open("w+") as printed, err.open("w+") as said:
            process = self._start(line, env, printed, said)
            try:
                code = process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise AssertionError(f"{line}: runs too long\n{err.read_text()}") from None
        return subprocess.CompletedProcess(line, code, out.read_text(), err.read_text())

    def _await_end(self, text: str) -> None:
        [(process, log)] = [(process, log) for line, process, log in self._serving if line == text]
        assert process.wait(PATIENCE_S) == 0, log.read_text()

    def _serve(self, line: str, until: str, env: Mapping[str, str]) -> None:
        log = self._state.with_name(f"log-{len(self._serving)}")
        with log.open("w") as file:
            process = self._start(line, env, file, file, is_server=True)
        self._serving.append((line, process, log))
        until_s = monotonic() + PATIENCE_S
        while until not in log.read_text():
            assert process.poll() is None, f"{line}: ended with {process.returncode}\n{log.read_text()}"
            assert monotonic() < until_s, f"{line}: did not say {until!r}\n{log.read_text()}"
            sleep(LOOK_S)

    def _start(
        self, line: str, env: Mapping[str, str], out: IO[str], err: IO[str], is_server: bool = False
    ) -> subprocess.Popen[str]:
        # What a line sets, the next one has, as in a shell.
        more = "".join(f"{name}={shlex.quote(value)}\n" for name, value in env.items())
        script = f"set -a\n. {self._state}\n{more}"
        if is_server:
            script += f"exec {line}\n"
        else:
            script += f"{line}\ncode=$?\nunset {' '.join(env)}\nexport -p > {self._state}\nexit $code\n"
        return subprocess.Popen(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            text=True,
            preexec_fn=partial(_enter, self._namespace, str(self.folder)),
        )


def _enter(namespace: str, folder: str) -> None:
    enter(namespace)
    os.chdir(folder)


def _no_result() -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess("", 0, "", "")


@contextmanager
def session(document: str, page: Page, folder: Path) -> Iterator[Session]:
    """The session of a page, with its servers.

    Raises:
        NoNamespaceError: this machine makes no namespaces.
    """
    hosts = folder / "hosts"
    hosts.write_text(HOSTS)
    with loopback_only(hosts) as namespace:
        opened = Session(document, page, folder, namespace)
        try:
            for port, options in page.servers.items():
                opened.start_server(port, options)
            yield opened
        finally:
            opened.close()


def _copy_checkout(folder: Path, only_results: bool) -> None:
    """What a clone has, on branch main, with the programs that ``make`` installs; of a user's folder only runs."""
    folder.mkdir()
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if only_results:
        listed += ["--", "results"]
    files = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout
    present = b"\0".join(each for each in files.split(b"\0") if each and (ROOT / os.fsdecode(each)).is_file())
    tar = subprocess.run(["tar", "--null", "-T", "-", "-cf", "-"], cwd=ROOT, input=present, stdout=-1, check=True)
    subprocess.run(["tar", "-xf", "-"], cwd=folder, input=tar.stdout, check=True)
    for arguments in (["init", "-q", "-b", "main"], ["commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run(["git", *arguments], cwd=folder, env=environment(**USUAL), check=True)
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("wiretax", "locust"):
        write_program(programs / name)
    for name in ("python", "pip"):
        module = "" if name == "python" else "-m pip "
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {module}"$@"\n')
        (programs / name).chmod(0o755)
    (folder / ".venv" / ".installed").touch()


def _write_own_files(folder: Path) -> None:
    """What the commands name: a plan, events, a publisher, and runs by the names RUN, A and B."""
    (folder / "my-plan.toml").write_text(PLAN)
    (folder / "mine.jsonl").write_text(EVENT.replace("\\n", "\n") * 200)
    (folder / "publish.py").write_text(PUBLISH)
    (folder / "producer").write_text(PRODUCER)
    (folder / "producer").chmod(0o755)
    for name in ("RUN", "A", "B"):
        shutil.copytree(folder / "results" / "reference" / "quick", folder / "results" / name)
