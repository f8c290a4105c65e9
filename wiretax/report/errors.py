"""Why a report can't be made, each in one line. Importable where nothing of Jupyter is installed."""

from __future__ import annotations


class MissingNotebooksError(ImportError):
    """Packages a report needs that are not installed."""


class NotebookError(ValueError):
    """Notebooks that don't make a report."""


class KernelError(RuntimeError):
    """A kernel that did not start, or died."""
