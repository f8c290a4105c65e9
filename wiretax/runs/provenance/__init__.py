"""Where a run comes from: labels that its user gave it, and the version of the code that it was started in.

- ``labels.parse_labels`` reads ``--label``; ``labels.check_labels`` holds labels to their rules.
- ``source.detect_source`` asks the variables of a CI system (``ci_build``), then git (``work_tree``).
"""
