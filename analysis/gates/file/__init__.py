"""gates.toml as parsed: ``parser.parse_gates`` turns it into ``checks.Check`` and ``checks.Rules``."""
