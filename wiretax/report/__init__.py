"""Writes a run's HTML report: the notebooks joined, executed once, and rendered as a self-contained file.

- ``report.make_report`` writes the page and its figures; ``errors`` has the reasons why it can't.
- ``story.assemble`` joins the notebooks, ``kernel.execute`` runs them, ``pruning.pruned`` drops empty sections,
  ``page.render_page`` makes the page; ``facts`` describes the run.
"""

from __future__ import annotations

import sys

# With this package, jsonschema builds dozens of parsers for IRIs when nbformat imports it. That takes up to two
# seconds, and no notebook has an IRI to validate.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
