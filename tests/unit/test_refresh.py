"""The README shows what the runs in results/reference/ hold, and those are small and whole."""

from __future__ import annotations

import re

import pytest

from docs.refresh import FIGURES, README, REFERENCE, blocks, drawings, reference, refreshed

MOST_BYTES = 2_000_000
NUMBER = re.compile(r"-?\d+\.\d+")
RUNS = sorted(folder.name for folder in REFERENCE.iterdir() if folder.is_dir())


def test_the_readmes_tables_are_those_of_the_reference_runs() -> None:
    readme = README.read_text()
    assert refreshed(readme) == readme, "make refresh brings the README up to results/reference"


def numbers(svg: str) -> list[float]:
    return [float(each) for each in NUMBER.findall(svg)]


@pytest.mark.parametrize("name", ["first-look", "claims"])
def test_a_block_that_is_behind_is_seen(name: str) -> None:
    readme = README.read_text()
    line = next(line for line in blocks()[name].splitlines() if "100 B" in line)
    assert refreshed(readme.replace(line, line.replace("100 B", "101 B"))) == readme


def test_a_readme_without_a_block_is_refused() -> None:
    with pytest.raises(LookupError, match="no block 'first-look'"):
        refreshed("# wiretax\n")


def test_the_docs_show_the_figures_of_the_reference_runs() -> None:
    drawn = {f"{drawing.name}.svg": drawing.svg() for drawing in drawings()}
    assert len(drawn) == 7
    assert {file.name for file in FIGURES.iterdir()} == set(drawn)
    for name, svg in drawn.items():
        shown = (FIGURES / name).read_text()
        # The last digit of a coordinate may differ from processor to processor.
        assert NUMBER.sub("", shown) == NUMBER.sub("", svg), "make refresh redraws it"
        assert numbers(shown) == pytest.approx(numbers(svg), abs=0.01)


def test_reference_runs_are_valid_and_small() -> None:
    assert {"clients", "headline", "quick"} <= set(RUNS)
    assert all(reference(name).meta["valid"] for name in RUNS)
    assert sum(file.stat().st_size for file in REFERENCE.rglob("*") if "report" not in file.parts) < MOST_BYTES
