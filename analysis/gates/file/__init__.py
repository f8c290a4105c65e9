"""Parses gates.toml.

``parser.parse_gates`` reads a document of ``schema.GatesTable`` into ``checks.Check`` and ``checks.Rules``, and
raises ``checks.GatesError`` if it is invalid.
"""
