"""Parses gates.toml.

``parser.parse_gates`` reads a document of ``schema.GatesTable`` into ``checks.Check`` and
``checks.ValidityRules``, and raises ``checks.GatesError`` if it is invalid.
"""
