"""Writes a run's HTML report: the notebooks joined, executed once, and rendered as a self-contained file.

- ``report.make_report`` writes the page and its figures; ``errors`` has the reasons why it can't.
- ``story.assemble`` joins the notebooks, ``kernel.execute`` runs them, ``pruning.pruned`` drops empty sections,
  ``page.render`` makes the page; ``facts`` describes the run.
"""
