"""The parts of a run's document: a list of rows for each kind of figure that the run has."""
