"""Evaluating a run by gates.toml: exact figures exactly, others by their confidence interval over rounds.

``baseline.gates.load_gates`` reads a gates file with its baselines, ``evaluation.evaluate.evaluate`` turns a run
and its gates into a ``GateResult``, ``outputs.terminal.print_result`` prints it and
``outputs.files.write_outputs`` writes gate.json, junit.xml and summary.md. ``evaluation.acceptance.accept_run``
writes baselines.
"""
