"""The web UI's files of runs: those of this process alone, by name, with types. And the form's first values."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from locust_inside import CLASSES, BatchUser, Inside, inside

from wiretax.load.web.downloads import KINDS


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def locust(folder: Path) -> Iterator[Inside]:
    with inside(web=True, picker=True) as made:
        yield made


def text(answer: Any, status: int) -> str:
    assert answer.status_code == status
    assert answer.mimetype == "text/plain"
    found: str = answer.get_data(as_text=True)
    return found


def test_files_of_runs(locust: Inside, folder: Path) -> None:
    # Read whole, so that the file is closed.
    get = partial(locust.visitor().get, buffered=True)
    newest = "/wiretax/files/newest"
    for file in ("slices.parquet", "run.zip", "metrics.csv", "report"):
        assert text(get(f"{newest}/{file}"), 404).startswith("404: no run yet: the files of a run are written")
    assert "No run yet" in get("/wiretax/files/").get_data(as_text=True)

    locust.start(user_classes=["TriggerUser", "BatchUser"])
    locust.stop()
    locust.start(user_classes=["QueueUser"], batch_size="5")
    for made in ("run.zip", "metrics.csv"):
        assert "409: a test is running, and making" in text(get(f"{newest}/{made}"), 409)
    assert get(f"{newest}/run.json").status_code == 200
    run = locust.stop()
    first = locust.session.saved[1].folder

    page = get("/wiretax/files/").get_data(as_text=True)
    assert page.index(run.folder.name) < page.index(first.name)
    offered = [each["href"] for each in locust.environment.web_ui.template_args["extended_csv_files"]]  # type: ignore[union-attr]
    for link in offered:
        answer = get(f"/{link.removeprefix('./')}")
        assert answer.status_code == (302 if link.endswith("report") else 200), link
    for file, kind in KINDS.items():
        answer = get(f"{newest}/{file}")
        if not kind.made and not (run.folder / file).exists():
            assert f"404: run {run.folder.name} has no {file}" in text(answer, 404)
            assert f'href="{run.folder.name}/{file}"' not in page
            continue
        assert answer.mimetype == kind.type, file
        assert answer.headers["Content-Disposition"].startswith(f"attachment; filename={run.folder.name}"), file
        assert f'href="{run.folder.name}/{file}"' in page
    assert "it is written with --gates" in text(get(f"{newest}/gate.json"), 404)
    queue = get(f"{newest}/queue.parquet").get_data()
    assert pd.read_parquet(io.BytesIO(queue)).equals(pd.read_parquet(run.folder / "queue.parquet"))
    older = json.loads(get(f"/wiretax/files/{first.name}/run.json").get_data())
    assert older["started"] == json.loads((first / "run.json").read_text())["started"]
    metrics = pd.read_csv(io.BytesIO(get(f"/wiretax/files/{first.name}/metrics.csv").get_data()))
    assert {"trigger-100B-chat-reference", "batch10-100B-chat-reference"} == set(metrics["workload"])

    # A link in the folder leads nowhere, and no path leads out of it.
    secret = folder / "secret"
    secret.write_text("S3CRET")
    (run.folder / "gate.json").symlink_to(secret)
    (run.folder / "report").mkdir()
    (run.folder / "report" / "index.html").write_text("the report")
    (run.folder / "report" / "link").symlink_to(secret)
    os.mkfifo(run.folder / "summary.md")
    assert "404" in text(get(f"{newest}/gate.json"), 404)
    assert "404" in text(get(f"{newest}/summary.md"), 404)
    with zipfile.ZipFile(io.BytesIO(get(f"{newest}/run.zip").get_data())) as archive:
        names = set(archive.namelist())
        assert {
            f"{run.folder.name}/{each}" for each in ("run.json", "queue.parquet", "report/index.html")
        } <= names
        assert all(not each.endswith(("gate.json", "link", "summary.md")) for each in names)
        assert archive.testzip() is None
    (folder / "results" / "another").mkdir()
    (folder / "results" / "another" / "run.json").write_text("{}")
    for name in ("another", "..", "%2e%2e", "../results"):
        assert get(f"/wiretax/files/{name}/run.json").status_code == 404
    assert "no run 'another' of this web UI" in text(get("/wiretax/files/another/run.json"), 404)
    for file in ("..%2fsecret", "secret", "%2e%2e", "run.json.partial", "report%2findex.html"):
        assert get(f"{newest}/{file}").status_code == 404
    assert "no file 'secret' of a run; expected one of run.zip" in text(get(f"{newest}/secret"), 404)
    run.folder.rename(folder / "moved")
    assert f"404: run {run.folder.name} was removed" in text(get(f"{newest}/run.json"), 404)


@pytest.mark.usefixtures("folder")
def test_the_form_has_the_classes_and_the_consent_that_a_test_begins_with() -> None:
    with inside(web=True, classes=CLASSES) as locust:
        page = locust.visitor().get("/").get_data(as_text=True)
        checked = [
            name for name in ("Trigger", "Batch", "MultiTrigger", "Queue") if _is_checked(page, f"{name}User")
        ]
        assert checked == ["Trigger", "Batch"]
        assert not _is_checked(page, "yes", "name")
        # The next form has the classes of the last one; consent is given anew.
        locust.environment.user_classes = []
        locust.start(user_classes=["MultiTriggerUser"], yes="true", batch_size="4")
        locust.stop()
        page = locust.visitor().get("/").get_data(as_text=True)
        assert _is_checked(page, "MultiTriggerUser")
        assert not _is_checked(page, "BatchUser")
        assert not _is_checked(page, "yes", "name")
        assert 'name="batch_size" type="text" value="4"' in page
        # Locust's own form, too.
        fields: Any = locust.environment.web_ui.template_args["extra_options"]  # type: ignore[union-attr]
        assert fields["yes"]["default_value"] is False
    Path("events.jsonl").write_text('{"name": "a", "channel": "b", "data": "c"}\n')
    with inside("--events", "events.jsonl", web=True, picker=True) as locust:
        page = locust.visitor().get("/").get_data(as_text=True)
        assert _is_checked(page, "QueueUser")
        assert not _is_checked(page, "TriggerUser")
    with inside("--yes", web=True, classes=[BatchUser]) as locust:
        assert _is_checked(locust.visitor().get("/").get_data(as_text=True), "yes", "name")


def _is_checked(page: str, value: str, attribute: str = "value") -> bool:
    [box] = [each for each in page.split("<input ")[1:] if f'{attribute}="{value}"' in each.partition(">")[0]]
    return " checked" in box.partition(">")[0]
