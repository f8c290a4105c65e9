"""Any publisher, watched: a recording proxy, the publisher's own process, and the run it leaves."""
