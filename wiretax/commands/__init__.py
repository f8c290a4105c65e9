"""The commands of ``wiretax``, one module each: options in, exit code out. ``wiretax/cli.py`` registers them.

``options`` has the options that several commands share. What a command needs beyond its options is imported when
it runs, so that ``wiretax --help`` loads neither pandas nor Locust.
"""
