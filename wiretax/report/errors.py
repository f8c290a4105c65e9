"""Reasons why a report can't be made. This module needs no Jupyter package."""

from __future__ import annotations


class MissingNotebooksError(ImportError):
    """Packages that a report needs are not installed."""


class NotebookError(ValueError):
    """The notebooks can't be read or joined."""


class KernelError(RuntimeError):
    """The kernel did not start, or died."""
