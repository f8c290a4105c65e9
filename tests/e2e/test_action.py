"""action.yml: its shell steps are run for real, as GitHub's runner would run them."""

from __future__ import annotations

import importlib.util
import json
import sys
import sysconfig
import venv
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from action_job import ROOT, TOKEN, Job

from wiretax.channels.endpoint import Endpoint
from wiretax.channels.limits import Limits
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock

MEASURE = ("run", "upload", "compare", "comment")
BUILD_TOOLS = ("hatchling", "packaging", "pathspec", "pluggy", "trove_classifiers")
PLAN = """\
schema = 1
name = "tiny"
rounds = 1
slice = "20ms"
users = 1
[[workload]]
api = "trigger"
payload_bytes = 10
"""
GATES = """\
schema = 1
[valid]
min_requests = 1
[[check]]
id = "head"
metric = "http.request.head.size"
max = {max}
"""
# Publishes, and prints the command lines of the processes above it, which anyone on the machine can read.
PUBLISHER = """\
import hashlib, hmac, json, os, time, urllib.request
from pathlib import Path
path = f"/apps/{os.environ['PUSHER_APP_ID']}/events"
body = json.dumps({"name": "e", "channels": ["c"], "data": "{}"}).encode()
query = (
    f"auth_key={os.environ['PUSHER_KEY']}&auth_timestamp={int(time.time())}&auth_version=1.0"
    f"&body_md5={hashlib.md5(body).hexdigest()}"
)
signed = f"POST\\n{path}\\n{query}".encode()
signature = hmac.new(os.environ["PUSHER_SECRET"].encode(), signed, "sha256").hexdigest()
server = f"http://{os.environ['PUSHER_HOST']}:{os.environ['PUSHER_PORT']}"
address = f"{server}{path}?{query}&auth_signature={signature}"
urllib.request.urlopen(urllib.request.Request(address, body, {"Content-Type": "application/json"}))
parent = os.getppid()
while parent > 1:
    print("above:", Path(f"/proc/{parent}/cmdline").read_bytes().replace(b"\\0", b" ").decode())
    parent = int(Path(f"/proc/{parent}/stat").read_text().rpartition(")")[2].split()[1])
"""
Use = Callable[..., Job]


@pytest.fixture(scope="module")
def temp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runner's folder after the step that installs this checkout, without a network."""
    temp = tmp_path_factory.mktemp("runner")
    home = temp / "wiretax"
    venv.create(home, symlinks=True, with_pip=False)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)}))
    # pip fetches them otherwise.
    tools = tmp_path_factory.mktemp("tools")
    for name in BUILD_TOOLS:
        found = importlib.util.find_spec(name)
        assert found is not None
        assert found.submodule_search_locations
        (tools / name).symlink_to(found.submodule_search_locations[0])
    (packages / "tools.pth").write_text(f"{tools}\n")
    offline = {f"PIP_NO_{name}": "1" for name in ("INDEX", "DEPS", "COMPILE")} | {"PIP_NO_BUILD_ISOLATION": "0"}
    job = Job(tmp_path_factory.mktemp("empty"), temp, variables=offline)
    job.outputs["python"] = {"python-path": sys.executable}
    job.run("install")
    assert job.codes == {"install": 0}, job.log
    (packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return temp


@pytest.fixture
def use(temp: Path, tmp_path: Path) -> Use:
    """Uses the action in an empty folder that has a plan and the checks good.toml and bad.toml."""
    (tmp_path / "plan.toml").write_text(PLAN)
    (tmp_path / "good.toml").write_text(GATES.format(max=1000))
    (tmp_path / "bad.toml").write_text(GATES.format(max=100))
    (tmp_path / "publish.py").write_text(PUBLISHER)

    def use_action(
        github: dict[str, str] | None = None, variables: dict[str, str] | None = None, **inputs: str
    ) -> Job:
        (temp / "summary.md").unlink(missing_ok=True)
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        job = Job(tmp_path, temp, given, github or {}, variables or {})
        job.run(*MEASURE)
        return job

    return use_action


@pytest.fixture
def server() -> Iterator[Endpoint]:
    with embedded_mock(Limits(), CostModel()) as endpoint:
        yield endpoint


class GitHub:
    """Comments of a pull request, served as GitHub's API serves them.

    Attributes:
        comments: those there are, oldest first.
        refuses: the status that everything that would change one gets; 0 for none.
    """

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.refuses = 0

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if method == "GET":
            assert path.startswith("/repos/org/app/issues/12/comments?per_page=100&page=")
            page = int(path.rpartition("=")[2])
            return 200, self.comments[100 * (page - 1) : 100 * page]
        if self.refuses:
            return self.refuses, {"message": "Resource not accessible by integration"}
        text = json.loads(body)["body"]
        if method == "POST":
            assert path == "/repos/org/app/issues/12/comments"
            self.add("github-actions[bot]", text)
            return 201, self.comments[-1]
        [changed] = [each for each in self.comments if path == f"/repos/org/app/issues/comments/{each['id']}"]
        changed["body"] = text
        return 200, changed

    def add(self, author: str, text: str) -> None:
        self.comments.append({"id": 1000 + len(self.comments), "user": {"login": author}, "body": text})


@pytest.fixture
def github() -> Iterator[tuple[GitHub, dict[str, str]]]:
    """The comments, and the variable that has the address of the API."""
    state = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            assert self.headers["Authorization"] == f"Bearer {TOKEN}"
            status, document = state.answer(self.command, self.path, body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        do_GET = do_POST = do_PATCH = respond  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        Thread(target=listener.serve_forever, daemon=True).start()
        yield state, {"GITHUB_API_URL": f"http://127.0.0.1:{listener.server_port}"}
        listener.shutdown()


def saved_text(folder: Path) -> str:
    return "".join(
        file.read_text(errors="replace") for file in folder.rglob("*") if file.is_file() and file.suffix != ".py"
    )


def test_a_run_that_passes_its_gates(use: Use, server: Endpoint, tmp_path: Path) -> None:
    job = use(plan="plan.toml", gates="good.toml", endpoint=server.secret_url)
    assert job.codes == {"run": 0}, job.log
    run = Path(job.output("run"))
    assert (tmp_path / run / "junit.xml").exists()
    assert job.output("exit-code") == "0"
    assert job.uses["upload"] == {"name": "wiretax", "path": str(run)}
    assert job.summary.startswith("### wiretax gate: passed")
    assert "<details><summary>wiretax measured</summary>\n\n````text\ntiny  http://127.0.0.1:" in job.summary
    assert "trigger" in job.summary.partition("````text")[2]
    assert server.app.secret not in job.log + job.summary + saved_text(tmp_path)


def test_a_failed_check_is_compared_and_commented_and_the_comment_is_updated(
    use: Use, github: tuple[GitHub, dict[str, str]], tmp_path: Path
) -> None:
    page, variables = github
    for _ in range(100):
        page.add("someone", "I read <!-- wiretax comparison mine --> in the log")
    page.add("someone", "<!-- wiretax comparison mine -->\nnot the workflow's")
    pull_request = {"event_name": "pull_request", "event.pull_request.number": "12"}
    base = use(plan="plan.toml", results="base")
    assert base.codes == {"run": 0}, base.log
    assert "<details open><summary>wiretax measured" in base.summary
    job = use(
        pull_request,
        variables,
        plan="plan.toml",
        gates="bad.toml",
        compare_with="base",
        comment="true",
        upload="mine",
    )
    assert job.codes == {"run": 3, "compare": 0, "comment": 0}, job.log
    assert job.output("exit-code") == "3"
    assert job.uses["upload"] == {"name": "mine", "path": job.output("run")}
    assert "::error title=wiretax head" in job.log
    assert "::error" not in job.summary
    assert "### wiretax gate: failed" in job.summary
    assert "### wiretax compare: no byte differs" in job.summary
    assert len(page.comments) == 102
    comment = page.comments[-1]["body"]
    assert comment.startswith("<!-- wiretax comparison mine -->\n### wiretax compare: no byte differs")
    assert "(https://github.com/org/app/actions/runs/7)" in comment
    assert Path(base.output("run")).name in comment

    Path(job.output("comparison")).write_text("### something new\n" + "filler\n" * 20_000)
    job.run("comment")
    assert len(page.comments) == 102
    assert "### something new" in page.comments[-1]["body"]
    assert len(page.comments[-1]["body"]) < 65_536

    page.refuses = 403
    job.run("comment")
    assert job.codes["comment"] == 0
    assert "GitHub answered 403; the job needs the permission pull-requests: write" in job.log
    job.variables["GITHUB_API_URL"] = "http://127.0.0.1:1"
    job.run("comment")
    assert job.codes["comment"] == 0
    assert "::warning title=wiretax::the comparison was not written as a comment: [Errno" in job.log
    assert TOKEN not in job.log + job.summary


def test_a_publisher_is_observed_and_gated_and_the_secret_is_in_no_command_line(
    use: Use, server: Endpoint, tmp_path: Path
) -> None:
    job = use(command=f"'{sys.executable}' \"publish.py\"", gates="bad.toml", endpoint=server.secret_url)
    assert job.codes == {"run": 3}, job.log
    assert job.output("exit-code") == "3"
    assert "### wiretax gate: failed" in job.summary
    table = job.summary.partition("````text\n")[2]
    assert table.startswith("observe  http://127.0.0.1:")
    assert f"127.0.0.1:{server.port}" in table
    # The script, and wiretax itself.
    assert job.log.count("above: ") >= 2
    assert "wiretax observe --results=results" in job.log
    assert server.app.secret not in job.log + job.summary + saved_text(tmp_path)


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ({"plan": "nosuch"}, "no plan 'nosuch'"),
        ({"plan": "ci", "command": "true"}, "the inputs plan and command exclude each other"),
        ({"command": "echo 'open"}, "the input command is not quoted as in a shell: No closing quotation"),
        ({"plan": "ci", "results": "a\nrun=b"}, "the input results must name a folder, on one line"),
        ({"plan": "plan.toml", "gates": "none.toml"}, "none.toml"),
    ],
)
def test_bad_inputs_measure_nothing_and_keep_the_exit_code(use: Use, inputs: dict[str, str], says: str) -> None:
    job = use(compare_with="base", **inputs)
    assert job.codes == {"run": 2}, job.log
    assert says in job.log
    assert job.output("run") == ""
    assert not job.uses


def test_inputs_run_nothing(use: Use, temp: Path, tmp_path: Path) -> None:
    attack = '"; touch pwned; "$(touch pwned)`touch pwned`\ntouch pwned'
    assert use(plan=attack).codes == {"run": 2}
    assert use(plan="plan.toml", gates=attack).codes == {"run": 2}
    assert use(plan="plan.toml", endpoint=attack).codes == {"run": 2}
    assert use(command=attack).codes == {"run": 2}
    install = Job(tmp_path, temp, {"version": attack}, variables={"PIP_NO_INDEX": "1"})
    install.outputs["python"] = {"python-path": sys.executable}
    install.run("install")
    assert install.codes["install"] != 0
    compare = Job(tmp_path, temp, {"compare-with": attack})
    compare.outputs["run"] = {"run": str(ROOT / "results" / "reference" / "quick")}
    compare.run("compare")
    assert compare.codes == {"compare": 0}
    assert compare.log.startswith("::warning title=wiretax::nothing was compared: no run in")
    assert compare.log.count("\n") == 1
    assert not compare.outputs["compare"]
    assert not list(tmp_path.rglob("pwned"))


def test_a_base_run_that_is_damaged_is_a_warning(use: Use, temp: Path, tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "run.json").write_text("{}")
    job = Job(tmp_path, temp, {"compare-with": "base"})
    job.outputs["run"] = {"run": str(ROOT / "results" / "reference" / "quick")}
    job.run("compare", "comment")
    assert job.codes == {"compare": 0}
    assert "::warning title=wiretax::one of the compared runs is invalid or damaged" in job.log
