"""A sample publisher through four commits, and the runs of it in results/reference/publisher.

``python -m docs.across_runs`` observes it anew. Notebook 08 reads the runs, and tests/e2e/test_across_runs.py goes
through the same commits.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from docs.reference import FILES, REFERENCE

PUBLISHER = """
import json, os
import pusher
env = os.environ
client = pusher.Pusher(app_id=env["PUSHER_APP_ID"], key=env["PUSHER_KEY"], secret=env["PUSHER_SECRET"],
                       ssl=False, host=env["PUSHER_HOST"], port=int(env["PUSHER_PORT"]))
data = {"hello": "world"}
# HERE
for _ in range(20):
    client.trigger("my-channel", "my-event", data)
client.trigger_batch([{"channel": "my-channel", "name": "my-event", "data": data}] * 10)
"""
TRACE = 'client._pusher_client.http.session.headers["traceparent"] = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"\n'
# What each commit adds to it, and the commit's subject.
COMMITS = (
    ("", "publish"),
    (TRACE, "trace"),
    ("# A comment, which changes nothing.\n", "comment"),
    ("data = json.dumps(json.dumps(data))\n", "encode"),
)
PLACE = REFERENCE / "publisher"


class SampleRepository:
    """A git repository with the publisher."""

    def __init__(self, folder: Path) -> None:
        """``folder``: empty."""
        self._script = folder / "publish.py"
        self._folder = folder
        self._git("init", "-q", "-b", "main")
        (folder / ".gitignore").write_text("results\n")
        self._script.write_text(PUBLISHER)

    @property
    def command(self) -> list[str]:
        """What runs the publisher, in ``environment``. Runs keep it, so it names no folder of this machine."""
        return ["python", "-W", "ignore", self._script.name]

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a process that finds this Python."""
        return {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}

    def commit(self, line: str, subject: str) -> str:
        """Commit the publisher with a line more; the commit."""
        self._script.write_text(self._script.read_text().replace("# HERE\n", f"{line}# HERE\n"))
        self._git("add", ".")
        self._git("commit", "-q", "-m", subject)
        return self._git("rev-parse", "HEAD")

    def _git(self, *arguments: str) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        command = ["git", *who, *arguments]
        return subprocess.run(command, cwd=self._folder, capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    """Observe the publisher at each commit, and keep the runs."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        repository = SampleRepository(folder)
        shutil.rmtree(PLACE, ignore_errors=True)
        for number, (line, subject) in enumerate(COMMITS, 1):
            repository.commit(line, subject)
            observe = [sys.executable, "-m", "wiretax", "observe", "--label", f"step={subject}", "--"]
            subprocess.run([*observe, *repository.command], cwd=folder, env=repository.environment, check=True)
            (run,) = (folder / "results").iterdir()
            kept = PLACE / f"{number}-{subject}"
            kept.mkdir(parents=True)
            for file in FILES:
                if (run / file).exists():
                    shutil.copyfile(run / file, kept / file)
            shutil.rmtree(run)


if __name__ == "__main__":
    main()
