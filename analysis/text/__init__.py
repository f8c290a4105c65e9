"""How numbers, workloads and tables are written.

``numbers`` formats every number, ``labels`` names workloads, ``setup_text`` describes the server and the
processors, ``sheet.Sheet`` is a table for pages, ``terminal_table`` prints tables that fit the terminal.
"""
