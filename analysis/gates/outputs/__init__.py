"""Writes a gate's result for people and programs.

``terminal.print_result``, ``gatejson.gate_json``, ``junit.junit_xml``, ``markdown.summary_md`` and
``annotations.annotate`` (GitHub); ``files.write_outputs`` writes all files.
"""
