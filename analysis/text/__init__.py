"""Formats numbers, workload names and tables.

- ``numbers`` formats every number; ``labels`` names workloads; ``setup_text`` describes the server and processors.
- ``sheet.Sheet`` is a table for pages; ``terminal_table`` prints tables that fit the terminal.
"""
