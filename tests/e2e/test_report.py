"""``wiretax report``: the page as a reader's browser has it, and what is said of a run that is not sound."""

from __future__ import annotations

import base64
import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from chromium import seen_by
from commands import TINY, Run, command, environment
from stories import FIGURE, WIDE, code, markdown, with_stories
from warm import run_warm

from wiretax.channels.endpoint import DEMO
from wiretax.runs.files.schema import FRAMES
from wiretax.shipped import install_command

Break = Callable[[Path], object]


def call(*arguments: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return run_warm("wiretax", *arguments, cwd=cwd, env=environment(**env), timeout_s=120)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one sound run in results/tiny."""
    folder = tmp_path_factory.mktemp("sound")
    (folder / "tiny.toml").write_text(TINY.format(rounds=5, slice="50ms", timeout="5s", rtt="0s"))
    done = call("run", "tiny.toml", cwd=folder)
    assert done.returncode == 0, done.stderr
    (run,) = (folder / "results").iterdir()
    run.rename(folder / "results" / "tiny")
    return folder


@pytest.fixture(scope="module")
def told(sound: Path) -> subprocess.CompletedProcess[str]:
    """The report of the newest run, as anyone makes it; the environment holds a secret, and home is no folder."""
    url = f"http://{DEMO.key}:{DEMO.secret}@127.0.0.1:1/apps/{DEMO.app_id}"
    browser = sound / "browser"
    browser.write_text('#!/bin/sh\nprintf %s "$1" > opened\n')
    browser.chmod(0o755)
    return call("report", "--open", cwd=sound, PUSHER_URL=url, HOME="/nonexistent", BROWSER=f"{browser} %s")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Notebooks with the frame and one story that says little."""
    story = [markdown("# The story"), code("print('told')")]
    return str(with_stories(tmp_path_factory.mktemp("small") / "notebooks", little=story))


def browse(page: Path) -> dict[str, Any]:
    return seen_by("browser.py", page, timeout_s=60)


def assert_opens_cleanly(seen: dict[str, Any], page: Path) -> None:
    assert seen["requests"] == [page.resolve().as_uri()]
    assert seen["said"] == []
    assert all(alt and width > 0 for alt, width in seen["desk"]["images"])
    assert all(width > 50 and height > 50 for _, _, width, height in seen["desk"]["drawings"])
    assert seen["phone"]["width"] == 390
    for place in ("desk", "phone"):
        assert seen[place]["cut"] == []
        assert seen[place]["unnamed"] == []
        assert len(set(seen[place]["ids"])) == len(seen[place]["ids"])
    assert seen["paper"] == {"wide": [], "hidden": 0, "paper": "rgb(255, 255, 255)"}


def test_a_report_is_made_and_named(told: subprocess.CompletedProcess[str], sound: Path) -> None:
    page = sound / "results" / "tiny" / "report" / "index.html"
    assert told.returncode == 0, told.stderr
    assert told.stdout == f"results/tiny/report/index.html  {page.as_uri()}\n"
    assert (sound / "opened").read_text() == page.as_uri()
    assert all(line.startswith("report: ") for line in told.stderr.splitlines()), told.stderr
    assert "Environment" in told.stderr


def test_the_page_is_one_file_that_reads_everywhere(told: subprocess.CompletedProcess[str], sound: Path) -> None:
    page = sound / "results" / "tiny" / "report" / "index.html"
    seen = browse(page)
    assert_opens_cleanly(seen, page)
    headings = seen["desk"]["headings"]
    assert [tag for tag, _, _ in headings].count("H1") == 1
    names = [name for _, name, _ in headings]
    assert all(names)
    assert len(set(names)) == len(names)
    parts = [(name, words.rstrip("#")) for tag, name, words in headings if tag == "H2"]
    assert [words for _, words in parts][-3:] == ["Warnings", "Method", "Environment"]
    assert [href.removeprefix("#") for href in seen["desk"]["links"]] == [name for name, _ in parts]
    assert seen["dark"]["paper"] != seen["desk"]["paper"]
    assert_figures_have_titles_and_data(seen, page)
    text = seen["desk"]["text"]
    assert "They agree to the byte." in text
    assert "mock that costs nothing" in text
    assert "salvage_run" not in text, "code is shown"
    assert "could not be made" not in text
    assert DEMO.secret not in page.read_text()


def assert_figures_have_titles_and_data(seen: dict[str, Any], page: Path) -> None:
    """Titles are text above the drawings, captions don't repeat them, and links hold what is saved."""
    titles, captions = seen["desk"]["titles"], [caption for _, caption, _, _ in seen["desk"]["drawings"]]
    assert len(titles) == len(seen["desk"]["data"]) > 2
    assert all(title and title not in caption for title, caption in zip(titles, captions, strict=True))
    for name, link in seen["desk"]["data"]:
        kind, _, encoded = link.partition(";base64,")
        assert kind == "data:text/csv;charset=utf-8"
        assert base64.b64decode(encoded) == (page.parent / "figures" / name).read_bytes()
    assert '-heading">' not in page.read_text()


def test_figures_are_drawn_and_saved_and_a_failed_part_says_so(sound: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(sound / "results" / "tiny", run)
    stories = with_stories(
        tmp_path / "notebooks",
        figures=[
            code("RUN = 'none'", "parameters"),
            markdown("# The figures\n\n## Below"),
            code(FIGURE),
            code("Drawing()"),
        ],
        failing=[
            markdown("# What fails\n\n## Below\n\nText"),
            code("import sys; print('<b>shown</b>'); print('hidden', file=sys.stderr)"),
            code("1 / 0"),
            code('from IPython.display import HTML; HTML(\'<img src="https://example.invalid/x.png" alt="x">\')'),
            code(WIDE),
        ],
    )
    done = call("report", str(run), "--notebooks", str(stories), cwd=tmp_path)
    assert done.returncode == 1
    assert "this part failed: What fails: ZeroDivisionError: division by zero" in done.stderr
    assert "report:" in done.stderr
    assert "The figures" in done.stderr
    files = {file.name: file.read_bytes() for file in (run / "report" / "figures").iterdir()}
    assert files.keys() == {f"bytes-an-event{more}.{kind}" for more in ("", "-2") for kind in ("svg", "png")}
    assert files["bytes-an-event.png"].startswith(b"\x89PNG")
    seen = browse(run / "report" / "index.html")
    assert seen["requests"] == [(run / "report" / "index.html").as_uri()]
    assert [each[:2] for each in seen["desk"]["drawings"]] == [
        ["figure-bytes-an-event", 'Bytes an event. In "one" slice.'],
        ["figure-bytes-an-event-2", 'Bytes an event. In "one" slice.'],
    ]
    assert all(width > 50 and height > 50 for _, _, width, height in seen["desk"]["drawings"])
    assert seen["phone"]["width"] == 390
    text = seen["desk"]["text"]
    assert "This part could not be made: ZeroDivisionError: division by zero" in text
    assert "A part of this page could not be made" in text
    assert "<b>shown</b>" in text
    assert "hidden" not in text
    assert "column number 39" in text
    headings = [(tag, name, words.rstrip("#")) for tag, name, words in seen["desk"]["headings"]]
    assert headings[1:5] == [
        ("H2", "The-figures", "The figures"),
        ("H3", "Below", "Below"),
        ("H2", "What-fails", "What fails"),
        ("H3", "Below-2", "Below"),
    ]


def truncate(run: Path) -> None:
    file = run / "slices.parquet"
    file.write_bytes(file.read_bytes()[:1000])


def empty(run: Path) -> None:
    for name, schema in FRAMES.items():
        pq.write_table(schema.empty_table(), run / f"{name}.parquet")
    changed(rounds_measured=0, parts=None)(run)


def changed(**fields: object) -> Break:
    def change(run: Path) -> None:
        file = run / "run.json"
        # Without its checksums, as older versions wrote it.
        file.write_text(json.dumps({**json.loads(file.read_text()), "files": None, "sha256": None, **fields}))

    return change


@pytest.mark.parametrize(
    ("harm", "said", "shown", "told_there"),
    [
        (truncate, "damaged: slices.parquet can't be read", "slices.parquet can't be read", False),
        (empty, "this run is empty: it measured nothing", "This run measured nothing.", False),
        (
            changed(valid=False, invalid_because=["nothing was acknowledged <b>"]),
            "this run is invalid: nothing was acknowledged <b>",
            "This run is invalid. Nothing was acknowledged &lt;b&gt;.",
            True,
        ),
    ],
    ids=["truncated", "empty", "invalid"],
)
def test_an_unsound_run_says_so_on_top_and_shows_the_rest(
    sound: Path,
    tmp_path: Path,
    small: str,
    harm: Break,
    said: str,
    shown: str,
    told_there: bool,
) -> None:
    run = tmp_path / "run"
    shutil.copytree(sound / "results" / "tiny", run)
    harm(run)
    done = call("report", str(run), "--notebooks", small, cwd=tmp_path)
    assert done.returncode == 5, done.stderr
    assert said in done.stderr
    assert "internal" not in done.stderr
    page = (run / "report" / "index.html").read_text()
    assert shown in re.sub(r"</?strong>", "", page)
    assert page.index('class="banner') < page.index("<h2")
    assert ("The story" in page) == told_there
    assert "could not be made" not in page
    assert ("batch of 10" if told_there else "trigger-10B-chat-python") in page
    assert "Locust" in page


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (changed(schema=2, wiretax="9.8.7"), "schema 2, expected 1; wiretax 9.8.7 wrote it, so read it with that"),
        (lambda run: (run / "run.json").write_text('{"schema": 1, "pl'), "run.json can't be read"),
        (lambda run: (run / "run.json").unlink(), "no run"),
    ],
    ids=["newer", "cut-off", "none"],
)
def test_a_run_that_cannot_be_read_at_all_is_one_line(
    sound: Path, run: Run, tmp_path: Path, harm: Break, said: str
) -> None:
    shutil.copytree(sound / "results" / "tiny", tmp_path / "bad", ignore=shutil.ignore_patterns("report"))
    harm(tmp_path / "bad")
    done = run("report", "bad")
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "bad" / "report").exists()


def test_a_kernel_that_dies_leaves_the_old_report(sound: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(sound / "results" / "tiny", run, ignore=shutil.ignore_patterns("report"))
    (run / "report").mkdir()
    (run / "report" / "index.html").write_text("old")
    deadly = with_stories(tmp_path / "notebooks", dies=[markdown("# Dies"), code("import os; os._exit(3)")])
    before = sorted(run.iterdir())
    done = call("report", str(run), "--notebooks", str(deadly), cwd=tmp_path)
    assert done.returncode == 1
    assert "the notebooks' kernel died" in done.stderr
    assert "Traceback" not in done.stderr
    assert (run / "report" / "index.html").read_text() == "old"
    assert sorted(run.iterdir()) == before


def test_a_report_that_is_interrupted_leaves_nothing(sound: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(sound / "results" / "tiny", run, ignore=shutil.ignore_patterns("report"))
    before = sorted(run.iterdir())
    slow = with_stories(tmp_path / "notebooks", slow=[markdown("# Sleeps"), code("import time; time.sleep(600)")])
    process = subprocess.Popen(
        command("report", str(run), "--notebooks", str(slow)),
        cwd=tmp_path,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "Sleeps" in line:
            process.send_signal(signal.SIGINT)
            break
    assert process.stderr.read() == "wiretax: interrupted; no report was written\n"
    assert process.wait(timeout=30) == 130
    process.stderr.close()
    assert sorted(run.iterdir()) == before


def test_notebooks_that_are_not_there_are_one_line(sound: Path, run: Run) -> None:
    done = run("report", "tiny", "--results", str(sound / "results"), "--notebooks", "nowhere")
    assert done.returncode == 2
    assert done.stderr == "wiretax: notebook nowhere/report.ipynb: can't be read (No such file or directory)\n"


def test_without_the_notebooks_extra_a_line_says_what_to_install(
    sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What installs it depends on the folder that the command runs in.
    monkeypatch.chdir(sound)
    script = "import sys; sys.modules.update(nbformat=None, papermill=None); from wiretax.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script, "report", "tiny"],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == f"wiretax: a report needs nbformat, papermill; run: {install_command('notebooks')}\n"
