"""The commands of ``wiretax``, one module each: they read options and return exit codes.

``wiretax.cli`` registers them; ``options`` has the options that several commands share. A command imports what it
needs when it runs, so that ``wiretax --help`` loads neither pandas nor Locust.
"""
