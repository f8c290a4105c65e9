"""What master and workers say to each other in a conducted run, by Locust's custom messages.

A worker says HELLO once it listens, is told the PLAN (or is REFUSED), and says READY. Each slice is a HOLD, which
is answered by BEGUN and then by SETTLED; CUT ends it early. When its users have left, a worker says FINAL.
"""

from __future__ import annotations

HELLO = "wiretax-hello"
PLAN = "wiretax-plan"
REFUSED = "wiretax-refused"
READY = "wiretax-ready"
HOLD = "wiretax-hold"
BEGUN = "wiretax-begun"
SETTLED = "wiretax-settled"
CUT = "wiretax-cut"
FINAL = "wiretax-final"

TO_MASTER = (HELLO, REFUSED, READY, BEGUN, SETTLED, FINAL)
TO_WORKER = (PLAN, REFUSED, HOLD, CUT)
