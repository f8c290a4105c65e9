"""Commands whose options need more than a few lines to be read; ``wiretax/cli.py`` has the others."""
