"""Judging a run by gates.toml: what is exact exactly, what is not by its interval over rounds."""

from analysis.gates.gates import Gates, load_gates
from analysis.gates.gatesfile import GatesError
from analysis.gates.judge import judge
from analysis.gates.outputs import write_outputs
from analysis.gates.terminal import print_judgement
from analysis.gates.verdict import Judgement

__all__ = ["Gates", "GatesError", "Judgement", "judge", "load_gates", "print_judgement", "write_outputs"]
