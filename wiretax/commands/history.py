"""``wiretax history``: one metric of one workload across saved runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wiretax.commands.options import RESULTS, JsonOption, ResultsOption
from wiretax.json_output import reserve_stdout
from wiretax.terminal import Exit, err, fail, out, warn

if TYPE_CHECKING:
    from analysis.gates.measured.metrics import Metric
    from wiretax.runs.reader import Run

METRIC = "http.request.size.per_event"
MOST_NAMED = 8


def history(
    metric: Annotated[
        str, typer.Argument(metavar="[METRIC]", help="A metric, as gates name it: wiretax gate --list.")
    ] = METRIC,
    workload: Annotated[
        str | None,
        typer.Option(
            help="The workload; of an observed publisher the kind of call. Default: the first of the newest run.",
            show_default=False,
        ),
    ] = None,
    plan: Annotated[str | None, typer.Option(help="Only runs of this plan.", show_default=False)] = None,
    label: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="Only runs with this label.", show_default=False)
    ] = None,
    last: Annotated[
        int | None, typer.Option(min=1, help="Only the newest so many runs.", show_default=False)
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(help="Draw it, too: a file that ends in .svg or .png.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
    results: ResultsOption = RESULTS,
) -> None:
    """Show one metric of one workload across saved runs, and the commits at which it changed."""
    from analysis.gates.measured.metrics import METRICS

    write = reserve_stdout() if as_json else None
    if metric not in METRICS:
        fail(f"no metric {metric!r}; wiretax gate --list names them", Exit.USAGE)
    if figure is not None and figure.suffix not in (".svg", ".png"):
        fail(f"--figure {figure}: expected a file that ends in .svg or .png", Exit.USAGE)
    runs = _runs(results, METRICS[metric], plan, label or [], last)
    from analysis.history.change_points import can_find_changes, change_points
    from analysis.history.series import comparable, workloads_of
    from analysis.history.series import history as history_of
    from analysis.history.series import steps as steps_of

    names = workloads_of(runs[0])
    chosen = workload or next(iter(names), "")
    frame = history_of(runs, chosen, metric)
    if frame.empty:
        there = ", ".join([*names[:MOST_NAMED], *(["..."] if len(names) > MOST_NAMED else [])])
        fail(f"no valid run has {metric} of {chosen!r}; the newest run has: {there}", Exit.USAGE)
    others = len(frame) - len(frame := comparable(frame))
    if others:
        warn(f"{others} of the runs left out: another machine, server or load, so {metric} does not compare")
    steps = steps_of(frame)
    looked = not frame["exact"].all() and can_find_changes()
    changes = change_points(frame) if looked else None
    if write is not None:
        from analysis.history.document import document

        write(document(frame, steps, changes, chosen, METRICS[metric]))
    else:
        from analysis.history.terminal import print_history

        print_history(frame, steps, changes, chosen, METRICS[metric], out)
    if figure is not None:
        from analysis.history.figure import draw_history
        from wiretax.runs.folder import write_whole

        drawing = draw_history(frame, steps, changes, chosen, METRICS[metric])
        data = drawing.png() if figure.suffix == ".png" else drawing.svg().encode()
        try:
            write_whole(figure, lambda path: path.write_bytes(data))
        except OSError as error:
            fail(f"--figure {figure}: can't be written ({error.strerror})", Exit.USAGE)


def _runs(results: Path, metric: Metric, plan: str | None, labels: list[str], last: int | None) -> list[Run]:
    """The chosen runs, newest first."""
    from wiretax.progress_bar import progress_bar
    from wiretax.runs.catalogue.folders import run_folders, started_runs
    from wiretax.runs.provenance.labels import LabelError, parse_label
    from wiretax.runs.reader import RunNotFoundError, read_run

    try:
        wanted = dict(parse_label(each) for each in labels)
    except LabelError as error:
        fail(str(error), Exit.USAGE)
    folders = [
        folder
        for folder, meta in started_runs(run_folders(results))
        if (plan is None or (meta.get("plan") or {}).get("name") == plan)
        and wanted.items() <= (meta.get("labels") or {}).items()
    ][:last]
    if not folders:
        fail(f"no such run in {results}; make one with: wiretax run", Exit.USAGE)
    # Sizes and rates need no histograms, which take longest to read.
    only = ("slices",) if metric.quantile is None and metric.queue is None and metric.capacity is None else None
    runs: list[Run] = []
    with progress_bar(err) as bar:
        task = bar.add_task("runs", total=len(folders), now="")
        for number, folder in enumerate(folders, 1):
            try:
                runs.append(read_run(folder, only))
            except RunNotFoundError as error:
                warn(f"left out: {error}")
            bar.update(task, completed=number, now=folder.name)
            bar.refresh()
    if not runs:
        fail(f"no run in {results} can be read", Exit.INVALID)
    return runs
