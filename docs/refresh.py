"""Brings the README's tables, docs/figures and the notebooks' outputs up to the runs in results/reference/.

``python -m docs.refresh`` (``make refresh``) writes them; a test says where they are behind.
"""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

from rich.console import Console

from analysis import figures, page
from analysis.claims import claims
from analysis.figures import Drawing
from analysis.sheet import Sheet
from analysis.table import print_run
from wiretax.runs.reader import Run, read_run
from wiretax.runs.writer import write_whole

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "results" / "reference"
README = ROOT / "README.md"
FIGURES = ROOT / "docs" / "figures"
NOTEBOOKS = ROOT / "notebooks"
WIDTH = 120
# A block of the README that is written here: from its opening comment to the closing one.
BLOCK = "<!-- {name} -->\n{text}\n<!-- /{name} -->"


def blocks() -> dict[str, str]:
    """The README's blocks by name, as they should be."""
    return {"first-look": _first_look(), "claims": _claims().markdown()}


def _first_look() -> str:
    """What ``make run`` prints, as on a console of 120 characters."""
    console = Console(width=WIDTH, file=StringIO(), highlight=False, record=True)
    print_run(reference("quick"), console)
    lines = [line.rstrip() for line in console.export_text().rstrip().splitlines()]
    return "\n".join(["```", "$ make run", *lines[:-1], "```"])


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
    ]
    return [each for each in drawn if isinstance(each, Drawing)]


def reference(name: str) -> Run:
    """A committed run."""
    return read_run(REFERENCE / name)


def refreshed(readme: str) -> str:
    """The README with its blocks as they should be."""
    for name, text in blocks().items():
        pattern = re.escape(BLOCK.format(name=name, text="@")).replace("@", ".*?")
        if not re.search(pattern, readme, re.DOTALL):
            raise LookupError(
                f"{README.name}: no block {name!r}; it begins with <!-- {name} --> on a line of its own"
            )
        whole = BLOCK.format(name=name, text=text)
        readme = re.sub(pattern, lambda _, whole=whole: whole, readme, count=1, flags=re.DOTALL)
    return readme


def main() -> None:
    from wiretax.report.story import execute_stories

    readme = refreshed(README.read_text())
    write_whole(README, lambda path: path.write_text(readme))
    FIGURES.mkdir(exist_ok=True)
    for drawing in drawings():
        write_whole(FIGURES / f"{drawing.name}.svg", lambda path, drawing=drawing: path.write_text(drawing.svg()))
    execute_stories(NOTEBOOKS)


if __name__ == "__main__":
    main()
