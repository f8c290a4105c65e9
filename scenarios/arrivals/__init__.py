"""Events that arrive on their own clock, wait in a queue, and are published from there."""
