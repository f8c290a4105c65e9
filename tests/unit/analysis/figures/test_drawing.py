"""A drawing as an SVG for any page, as a PNG, as files, and in a notebook."""

from __future__ import annotations

import base64
import re
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import matplotlib as mpl
import pytest
from PIL import Image
from saved import Costs, made_up

from analysis.figures import Absent, Drawing, bytes_by_batch_size, layer_waterfall
from analysis.figures.style import DARK, VARIABLES, canvas, styled
from wiretax.channels.workload import Workload

SVG = "{http://www.w3.org/2000/svg}"


def example() -> Drawing:
    slices = made_up(Costs(), [Workload.of(), Workload.of("batch", 5), Workload.of("batch", 10)], rounds=2)
    figure = bytes_by_batch_size(slices)
    assert isinstance(figure, Drawing)
    return figure


@pytest.fixture(scope="module")
def figure() -> Drawing:
    return example()


@pytest.fixture(scope="module")
def svg(figure: Drawing) -> str:
    return figure.svg()


def test_the_svg_is_one_image_with_an_accessible_title(figure: Drawing, svg: str) -> None:
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    [title, described] = [root.find(f"{SVG}{name}") for name in ("title", "desc")]
    assert title is not None
    assert described is not None
    assert title.text == figure.title == "An event of 100 B sends 518 B by itself, 242.6 B in a batch of 10"
    assert described.text == figure.caption
    assert root.get("aria-labelledby") == title.get("id")


def test_text_in_the_svg_stays_text(svg: str) -> None:
    words = ["".join(each.itertext()).strip() for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]
    assert "bytes sent per event" in words
    assert "limit 210 B" in words


def test_the_same_data_gives_the_same_bytes(figure: Drawing, svg: str) -> None:
    assert figure.svg() == svg
    again = example()
    assert again.svg() == svg
    assert again.png() == figure.png()


def test_ids_do_not_depend_on_coordinates(figure: Drawing, svg: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # matplotlib's ids are hashes of coordinates with a salt: another salt is what another last digit would be.
    monkeypatch.setattr("analysis.figures.drawing.styled", lambda name: styled(f"{name} elsewhere"))
    assert figure.svg() == svg


def test_the_svg_has_no_external_references(svg: str) -> None:
    without_names = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", svg)
    assert "://" not in without_names
    assert "<!DOCTYPE" not in svg
    references = re.findall(r'(?:href="|url\()([^")]*)', svg)
    assert references
    assert all(each.startswith("#wiretax-bytes-by-batch-size-") for each in references)


def test_every_reference_has_a_target_and_ids_are_unique(svg: str) -> None:
    ids = [each.get("id") for each in ElementTree.fromstring(svg).iter() if each.get("id")]
    assert ids
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:href="|url\()#([^")]*)', svg)) <= set(ids)
    assert all(str(each).startswith("wiretax-bytes-by-batch-size") for each in ids)


def test_ids_and_styles_of_two_figures_on_a_page_do_not_collide(svg: str) -> None:
    other = layer_waterfall(made_up(Costs(), [Workload.of()], rounds=1))
    assert isinstance(other, Drawing)
    ids = [set(re.findall(r' id="([^"]+)"', each)) for each in (svg, other.svg())]
    assert not ids[0] & ids[1]
    sheets = re.findall(r"<style[^>]*>(.*?)</style>", svg, re.DOTALL)
    assert sheets
    for sheet in sheets:
        selectors = re.findall(r"(?:^|[{}])\s*([^@{}]+?)\s*\{", sheet)
        assert selectors
        assert all(each.startswith("#wiretax-bytes-by-batch-size") for each in selectors), selectors


def test_colours_follow_the_page(svg: str) -> None:
    style = re.search(r"<style>(.*?)</style>", svg, re.DOTALL)
    assert style
    drawn = svg.replace(style[0], "")
    used = {colour: variable for colour, variable in VARIABLES.items() if f"var(--{variable})" in drawn}
    assert {"ink", "muted", "grid", "paper", "shade-3"} <= set(used.values())
    for colour in VARIABLES:
        assert colour not in drawn
    for colour, variable in used.items():
        assert f"--{variable}: {colour}" in style[1]
    [dark] = re.findall(r"prefers-color-scheme: dark\) \{ #\S+ \{ ([^}]*) \}", style[1])
    assert dict(each.split(": ") for each in dark.split("; ")) == {
        f"--{name}": DARK[name] for name in used.values()
    }
    assert re.search(r"@media print \{ #\S+ \{ --ink: #1b1f24", style[1])


def test_all_text_has_a_colour(svg: str) -> None:
    texts = list(ElementTree.fromstring(svg).iter(f"{SVG}text"))
    assert texts
    for text in texts:
        assert "fill: var(--ink)" in (text.get("style") or ""), "".join(text.itertext())


def test_the_png_opens_at_high_resolution(figure: Drawing) -> None:
    with Image.open(BytesIO(figure.png())) as image:
        image.load()
        assert image.width >= 1200
        assert image.getpixel((2, 2))[:3] == (254, 254, 254)  # type: ignore[index]
        assert len(set(image.convert("L").get_flattened_data())) > 20


def test_a_figure_is_saved_under_its_name(figure: Drawing, tmp_path: Path) -> None:
    figure.save(tmp_path)
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "bytes-by-batch-size.csv",
        "bytes-by-batch-size.png",
        "bytes-by-batch-size.svg",
    ]
    assert (tmp_path / "bytes-by-batch-size.svg").read_text(encoding="utf-8") == figure.svg()
    assert (tmp_path / "bytes-by-batch-size.csv").read_text(encoding="utf-8") == figure.csv()


def test_a_notebook_stores_all_formats_and_the_name(figure: Drawing) -> None:
    shown, about = figure._repr_mimebundle_(include=None, exclude=None)
    assert shown["image/svg+xml"] == figure.svg()
    assert base64.b64decode(shown["image/png"]) == figure.png()
    assert shown["text/plain"] == figure.description == f"{figure.title}. {figure.caption}"
    assert shown["text/csv"] == figure.csv()
    assert about == {
        "wiretax": {"figure": "bytes-by-batch-size", "title": figure.title, "caption": figure.caption}
    }


def test_the_caption_does_not_repeat_the_title(figure: Drawing) -> None:
    assert figure.title not in figure.caption


def test_a_long_title_wraps_and_the_drawing_says_how_high_it_is() -> None:
    heights = {}
    for words in ("short", " ".join(["long"] * 60)):
        with styled("name"):
            made, _ = canvas(6, 3, words)
        drawing = Drawing("name", "", made)
        assert drawing.title == words
        found = re.search(r'data-heading="([0-9.]+)"', drawing.svg())
        assert found
        heights[words] = float(found[1])
        assert '<g id="wiretax-name-heading">' in drawing.svg()
    [one, several] = heights.values()
    assert 10 < one < 30
    assert several > 3 * one


def test_drawing_does_not_change_matplotlib_settings() -> None:
    before = dict(mpl.rcParams)
    example().svg()
    assert dict(mpl.rcParams) == before
    assert "matplotlib.pyplot" not in str(example().figure.canvas.manager)


def test_a_missing_figure_says_why_and_what_to_do() -> None:
    absent = Absent("gain", "this run has no batch", "wiretax run headline")
    assert str(absent) == "No figure here: this run has no batch; wiretax run headline measures it."
    shown, metadata = absent._repr_mimebundle_()
    assert shown["text/markdown"] == f"*{str(absent).replace('wiretax run headline', '`wiretax run headline`')}*"
    assert metadata == {"wiretax": {"absent": True}}
