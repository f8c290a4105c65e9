"""The values that were accepted before: ``accepted.Accepted``, their file, and ``gates.load_gates``."""
