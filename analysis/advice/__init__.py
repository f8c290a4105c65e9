"""From an arrival rate and a latency budget to a batch size and a linger.

``advise.advise`` computes the advice, ``call_cost``, ``connections_seen`` and ``measured_queue`` find what saved
runs know about it, ``advice_text.print_advice`` prints it.
"""
