"""The HTML templates and other static files of the web UI."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, Template

STATIC = Path(__file__).parent / "static"


def template(name: str) -> Template:
    """A template of ``static/``; what is put into it is escaped."""
    return Environment(loader=FileSystemLoader(STATIC), autoescape=True).get_template(name)
