"""What master and workers say to each other in a sweep, by Locust's custom messages.

A worker says HELLO until it is told the PLAN (or that it is REFUSED, or LATE), and says READY. Each slice is a
HOLD, which is answered by BEGUN and then by SETTLED; CUT ends it early. When its users have left, a worker says
FINAL. HALT asks to end the run, WAIT to pause it: an endpoint said so, or a worker's share of messages is spent.

In a free run workers are started and stopped by Locust. The master's options carry ASSIGNED to them; a worker says
HELLO as it starts, its reports carry REPORT, and FINAL holds what is left.
"""

from __future__ import annotations

HELLO = "wiretax-hello"
PLAN = "wiretax-plan"
REFUSED = "wiretax-refused"
LATE = "wiretax-late"
READY = "wiretax-ready"
HOLD = "wiretax-hold"
BEGUN = "wiretax-begun"
SETTLED = "wiretax-settled"
CUT = "wiretax-cut"
FINAL = "wiretax-final"
HALT = "wiretax-halt"
WAIT = "wiretax-wait"
REPORT = "wiretax"
ASSIGNED = "wiretax_assigned"
