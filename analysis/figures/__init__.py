"""The figures of a run: saved frames in, a drawing or a plain sentence out. Nothing here generates load."""

from __future__ import annotations
