"""What ``--help`` prints, of the command and of Locust: options in groups, examples, defaults and exit codes."""
