"""Evaluates a run by gates.toml: exact metrics exactly, others by their confidence interval across rounds.

- ``baseline.gates.load_gates`` reads a gates file with its baselines.
- ``evaluation.evaluate.evaluate`` turns a run and its gates into a ``GateResult``;
  ``evaluation.acceptance.accept_run`` writes baselines.
- ``outputs.terminal.print_result`` prints a result; ``outputs.files.write_outputs`` writes gate.json, junit.xml
  and summary.md.
"""
