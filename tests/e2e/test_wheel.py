"""The wheel, installed into an environment of its own, in an empty folder and beside a user's own packages."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import threading
import venv
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest
from commands import TINY, Process, Run, environment, free_port
from warm import LOAD, SHOWN, Warm

ROOT = Path(__file__).parents[2]
# Generic names that a user may well have in the folder wiretax is started in.
USERS_OWN = ["scenarios", "analysis", "notebooks", "locustfile", "benchmarks", "docs", "tests"]
# Names that Python programs import. Nothing is imported from the current folder.
SHADOWS = [
    *("asyncio", "contextlib", "email", "json", "pickle", "queue", "re", "ssl", "types", "typing"),
    *("gevent", "ipykernel", "jinja2", "locust", "numpy", "orjson", "pandas", "rich", "sitecustomize", "typer"),
    "wiretax",
]
PUBLISH = """\
import hashlib, hmac, json, os, time, urllib.request
url, key, secret = (os.environ[f"PUSHER_{name}"] for name in ("URL", "KEY", "SECRET"))
path = f"/apps/{os.environ['PUSHER_APP_ID']}/events"
body = json.dumps({"name": "e", "channels": ["c"], "data": "{}"}).encode()
query = (
    f"auth_key={key}&auth_timestamp={int(time.time())}&auth_version=1.0&body_md5={hashlib.md5(body).hexdigest()}"
)
sign = hmac.new(secret.encode(), f"POST\\n{path}\\n{query}".encode(), "sha256").hexdigest()
address = f"http://{os.environ['PUSHER_HOST']}:{os.environ['PUSHER_PORT']}{path}?{query}&auth_signature={sign}"
urllib.request.urlopen(urllib.request.Request(address, body, {"Content-Type": "application/json"}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*pip, str(ROOT)], check=True, capture_output=True)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment in which the wheel is installed."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)}))
    # Its dependencies are those of this environment, without the checkout that is installed there: a path in a
    # .pth file is searched, and no .pth file in it is read.
    (packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return python.parent


@pytest.fixture(scope="module", params=["an empty folder", "a folder with the user's own packages"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("folder")
    if "own" in request.param:
        _write_packages(made, [*USERS_OWN, *SHADOWS])
    return made


def _write_packages(folder: Path, names: list[str]) -> None:
    """Packages and a locustfile that fail when they are imported."""
    for name in names:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(f"raise SystemExit('the {name} of the user was imported')\n")
    (folder / "locustfile.py").write_text("raise SystemExit('the locustfile of the user was imported')\n")


@pytest.fixture(scope="module")
def warm(programs: Path, folder: Path) -> Iterator[Warm]:
    """Forks commands of the installed ``wiretax`` from a process in the folder that has their imports."""
    with Warm(SHOWN if _is_users(folder) else (*LOAD, *SHOWN), programs / "python", folder) as process:
        yield process


@pytest.fixture(scope="module")
def commands(warm: Warm, folder: Path) -> Run:
    """Runs commands of the installed ``wiretax`` in the folder."""
    return lambda *arguments: warm.run("wiretax", *arguments, cwd=folder, env=environment(), timeout_s=120)


@pytest.fixture(scope="module")
def from_command_line(programs: Path, folder: Path, commands: Run) -> Run:
    """The same, from the command line in the folder that makes a difference to it."""
    return (lambda *arguments: run(programs, folder, "wiretax", *arguments)) if _is_users(folder) else commands


def _is_users(folder: Path) -> bool:
    return (folder / USERS_OWN[0]).exists()


def run(programs: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [programs / arguments[0], *arguments[1:]],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def saved(folder: Path, from_command_line: Run) -> Path:
    """A run that ``wiretax run`` left in the folder."""
    (folder / "tiny.toml").write_text(TINY.format(rounds=5, slice="20ms", timeout="5s", rtt="0s"))
    done = from_command_line("run", "tiny.toml")
    assert done.returncode == 0, done.stderr
    [kept] = (folder / "results").iterdir()
    return kept


def test_the_wheel_has_one_generic_name_and_the_data_of_the_checkout(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = archive.namelist()
    top = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert top == {"wiretax", "analysis"}
    for kept in ("scenarios", "notebooks"):
        files = subprocess.run(["git", "ls-files", kept], cwd=ROOT, capture_output=True, text=True, check=True)
        assert files.stdout.split()
        assert {f"wiretax/{file}" for file in files.stdout.split()} <= set(names)


def test_it_is_the_wheel_that_is_tested(programs: Path, folder: Path) -> None:
    done = run(programs, folder, "python", "-P", "-c", "import wiretax, analysis; print(wiretax.__file__)")
    assert Path(done.stdout.strip()).is_relative_to(programs.parent), done.stderr


def test_a_run_is_measured_judged_and_reported(
    folder: Path, saved: Path, commands: Run, from_command_line: Run
) -> None:
    (folder / "gates.toml").write_text(
        'schema = 1\n[[check]]\nid = "sound"\nmetric = "saving"\nwhere = { api = "batch" }\nmin = 0.1\n'
    )
    assert json.loads((saved / "run.json").read_text())["valid"]
    judged = commands("gate", str(saved), "--gates", "gates.toml")
    assert judged.returncode == 0, judged.stderr
    reported = from_command_line("report", str(saved))
    assert reported.returncode == 0, reported.stderr
    assert (saved / "report" / "index.html").stat().st_size > 100_000
    assert "was imported" not in reported.stderr + (saved / "report" / "index.html").read_text()


def test_workers_and_a_shipped_plan(folder: Path, commands: Run, from_command_line: Run) -> None:
    plan = folder / "tiny.toml"
    plan.write_text(TINY.format(rounds=2, slice="20ms", timeout="5s", rtt="0s"))
    done = from_command_line("run", "tiny.toml", "--processes", "2", "--results", "two")
    assert done.returncode == 0, done.stderr
    named = commands("run", "no-such-plan")
    assert named.returncode == 2
    assert "quick" in named.stderr


def test_commands_that_need_no_run(commands: Run, from_command_line: Run) -> None:
    advised = commands("advise", "--rate", "500/s", "--payload", "200", "--rtt", "40ms", "--budget", "1s")
    assert advised.returncode == 0, advised.stderr
    examined = commands("doctor")
    assert examined.returncode == 0, examined.stdout + examined.stderr
    observed = commands("observe", "--results", "seen", "--", sys.executable, "-P", "-c", PUBLISH)
    assert observed.returncode == 0, observed.stderr
    for name in ("mock", "feed", "ui", "gate"):
        shown = commands(name, "--help")
        assert shown.returncode == 0, shown.stderr
    shown = from_command_line("run", "--help")
    assert shown.returncode == 0, shown.stderr


def test_python_m_wiretax_imports_nothing_from_the_folder_but_what_python_itself_does(
    programs: Path, tmp_path: Path
) -> None:
    # runpy, which looks for wiretax, comes before it.
    early = {"contextlib", "re", "types", "typing", "wiretax"}
    _write_packages(tmp_path, [name for name in (*USERS_OWN, *SHADOWS) if name not in early])
    done = run(programs, tmp_path, "python", "-m", "wiretax", "run", "no-such-plan")
    assert (done.returncode, "no-such-plan" in done.stderr) == (2, True), done.stderr
    assert "was imported" not in done.stderr


def test_locust_by_the_shipped_locustfiles(programs: Path, folder: Path, warm: Warm, tmp_path: Path) -> None:
    located = run(
        programs,
        tmp_path,
        "python",
        "-P",
        "-c",
        "from wiretax.shipped import shipped; print(shipped('scenarios'))",
    )
    scenarios = Path(located.stdout.strip())
    assert scenarios.is_relative_to(programs.parent)
    arguments = ["-f", str(scenarios / "locustfile.py"), "--headless", "-u", "2", "-t", "1s"]
    if _is_users(folder):
        # Locust itself puts the current folder first on sys.path.
        _write_packages(tmp_path, USERS_OWN)
        freely = run(programs, tmp_path, "python", "-P", "-m", "locust", *arguments)
    else:
        freely = warm.run("locust", *arguments, cwd=tmp_path, env=environment(), timeout_s=120)
    assert freely.returncode == 0, freely.stderr
    [kept] = (tmp_path / "results").glob("*-free-run")
    assert json.loads((kept / "run.json").read_text())["valid"]


def test_the_web_ui_opens(programs: Path, folder: Path, warm: Warm) -> None:
    port = free_port()
    options = ["ui", "--web-port", str(port)]
    process: Process = (
        subprocess.Popen(
            [programs / "wiretax", *options],
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if _is_users(folder)
        else warm.start("wiretax", *options, cwd=folder, env=environment())
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as browser:
            while process.poll() is None:
                try:
                    page = browser.get("/wiretax/")
                    break
                except httpx.ConnectError:
                    threading.Event().wait(0.1)
            assert process.poll() is None, process.stderr and process.stderr.read()
            assert page.status_code == 200
            assert "wiretax" in page.text
    finally:
        process.terminate()
        process.communicate(timeout=120)
