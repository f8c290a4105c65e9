"""A run and its gates in, a result out: ``evaluate.evaluate``, ``result.GateResult``,
``acceptance.accept_run``."""
