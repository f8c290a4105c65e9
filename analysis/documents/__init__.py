"""The documents that commands print with ``--json``, built from the frames that their tables show.

``shapes`` describes a property once: its name, unit, type and meaning. Values and JSON Schemas follow from that.
``blocks`` has the parts of a run, the other modules a document each; ``schemas.SCHEMAS`` has all schemas.
"""
