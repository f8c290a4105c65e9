"""A run's figures in the formats of other tools: one module per format.

``measurement.exported`` reads the figures, which are those of gates, and ``formats.FORMATS`` lists what can write
them. ``history.history`` has one of them across several runs.
"""
