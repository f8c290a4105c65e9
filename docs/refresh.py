"""Brings the README's tables, docs/figures and the notebooks' outputs up to the runs in results/reference/.

``python -m docs.refresh`` (``make refresh``) writes them; with ``--check`` it says which notebooks are behind, and
tests say so of the rest. ``--record RUN NAME`` keeps a run as the reference NAME. Neither takes a run during which
other processes used more than 10 % of the machine.
"""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import NoReturn

import nbformat
from nbformat import NotebookNode
from papermill.execute import execute_notebook
from rich.console import Console

from analysis import figures
from analysis.figures import Drawing
from analysis.findings.claims import claims
from analysis.measures.queue_frontier import tradeoff
from analysis.tables import notebook_tables as page
from analysis.tables.queue_table import alike, print_queues
from analysis.tables.run_table import print_run
from analysis.text.sheet import Sheet
from docs.reference import ROOT, NotReferenceError, record, reference, references, require_quiet
from wiretax.runs.writer import write_whole

README = ROOT / "README.md"
FIGURES = ROOT / "docs" / "figures"
NOTEBOOKS = ROOT / "notebooks"
WIDTH = 120
CHECK_FAILED = 3
# A block of the README that is written here: from its opening comment to the closing one.
BLOCK = "<!-- {name} -->\n{text}\n<!-- /{name} -->"


def blocks() -> dict[str, str]:
    """The README's blocks by name, as they should be."""
    return {"first-look": _first_look(), "claims": _claims().markdown(), "tradeoff": _tradeoff()}


def _first_look() -> str:
    """What ``make run`` prints, as on a console of 120 characters."""
    console = Console(width=WIDTH, file=StringIO(), highlight=False, record=True)
    print_run(reference("quick"), console)
    lines = [line.rstrip() for line in console.export_text().rstrip().splitlines()]
    return "\n".join(["```", "$ make run", *lines[:-1], "```"])


def _tradeoff() -> str:
    """The far half of what ``wiretax run tradeoff`` prints."""
    table = tradeoff(reference("tradeoff"))
    far = table[table["rtt_s"] == table["rtt_s"].max()]
    console = Console(width=WIDTH, file=StringIO(), highlight=False, record=True)
    print_queues(far, console)
    lines = [line.rstrip() for line in console.export_text().rstrip().splitlines()]
    return "\n".join(["```", *lines, "", alike(far), "```"])


def _claims() -> Sheet:
    """The claims by the headline run; the heads by the run that has all libraries."""
    found = claims(reference("headline").slices)
    found[0] = claims(reference("clients").slices)[0]
    return page.sheet_of(found)


def drawings() -> list[Drawing]:
    """The figures that README and docs show."""
    headline, clients, connections = (reference(name) for name in ("headline", "clients", "connections"))
    drawn = [
        figures.layer_waterfall(headline.slices),
        figures.overhead_by_payload(headline.slices),
        figures.bytes_by_batch_size(headline.slices),
        figures.gain_by_batch_size(headline.slices),
        figures.heads_by_client(clients.slices),
        figures.connections(connections.slices),
        figures.latency_by_bytes(reference("tradeoff")),
    ]
    return [each for each in drawn if isinstance(each, Drawing)]


def refreshed(readme: str) -> str:
    """The README with its blocks as they should be."""
    for name, text in blocks().items():
        pattern = re.escape(BLOCK.format(name=name, text="@")).replace("@", ".*?")
        if not re.search(pattern, readme, re.DOTALL):
            raise LookupError(
                f"{README.name}: no block {name!r}; it begins with <!-- {name} --> on a line of its own"
            )
        whole = BLOCK.format(name=name, text=text)
        before, after = re.split(pattern, readme, maxsplit=1, flags=re.DOTALL)
        readme = before + whole + after
    return readme


def stories() -> list[Path]:
    """The notebooks that are kept executed."""
    return sorted(NOTEBOOKS.glob("[0-9][0-9]-*.ipynb"))


def executed(file: Path) -> NotebookNode:
    """A notebook as it comes out on the run it names, without what differs from one execution to the next."""
    done: NotebookNode = execute_notebook(file, None, cwd=NOTEBOOKS, kernel_name="python3", progress_bar=False)
    fresh: NotebookNode = nbformat.read(file, as_version=4)
    for cell, ran in zip(fresh.cells, done.cells, strict=True):
        if cell.cell_type == "code":
            cell.execution_count = ran.execution_count
            cell.outputs = [_kept(output) for output in ran.outputs if output.output_type != "stream"]
    return fresh


def _kept(output: NotebookNode) -> NotebookNode:
    # Of a drawing's two forms the one that every viewer of notebooks shows.
    if "image/png" in output.data:
        output.data.pop("image/svg+xml", None)
    return output


def said(notebook: NotebookNode) -> list[tuple[str, dict[str, str]]]:
    """What a notebook's cells say: the source of each, and its outputs but for pictures, which fonts may alter."""
    return [
        (cell.source, {f"{number} {kind}": text for number, kind, text in _texts(cell)}) for cell in notebook.cells
    ]


def _texts(cell: NotebookNode) -> Iterator[tuple[int, str, str]]:
    for number, output in enumerate(cell.get("outputs", [])):
        if output.output_type == "error":
            yield number, "error", f"{output.ename}: {output.evalue}"
        for kind, text in output.get("data", {}).items():
            yield number, kind, "" if kind.startswith("image/") else text


def behind() -> list[str]:
    """The notebooks that are not as they would come out today."""
    return [file.name for file in stories() if said(nbformat.read(file, as_version=4)) != said(executed(file))]


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what is asked.

    Raises:
        SystemExit: 2 for bad arguments, 3 where a run is no reference or a notebook is behind.
    """
    parser = ArgumentParser("python -m docs.refresh", description=(__doc__ or "").partition("\n")[0])
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument("--check", action="store_true", help="say which notebooks are behind; write nothing")
    asked.add_argument("--record", nargs=2, metavar=("RUN", "NAME"), help="keep a run as a reference")
    given = parser.parse_args(arguments)
    if given.check:
        if stale := behind():
            _refuse(f"not as they would come out today: {', '.join(stale)}; make refresh writes them")
        return
    try:
        if given.record:
            print(f"recorded in {record(*given.record)}; make refresh brings the docs up to it")
            return
        require_quiet(references())
    except NotReferenceError as error:
        _refuse(str(error))
    refresh()


def _refuse(words: str) -> NoReturn:
    print(words, file=sys.stderr)
    sys.exit(CHECK_FAILED)


def refresh() -> None:
    """Write all that is made of the reference runs."""
    _write(README, refreshed(README.read_text()))
    FIGURES.mkdir(exist_ok=True)
    for drawing in drawings():
        _write(FIGURES / f"{drawing.name}.svg", drawing.svg())
    for file in stories():
        _write(file, nbformat.writes(executed(file)) + "\n")


def _write(file: Path, text: str) -> None:
    write_whole(file, lambda path: path.write_text(text))


if __name__ == "__main__":
    main()
