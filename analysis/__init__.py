"""The meaning of a saved run: pure functions on pandas frames. Nothing here generates load or opens a socket."""
