"""The form that starts a test: its fields in groups, its page, and the check of what was entered.

- ``fields.SECTIONS``: groups, labels, units and help; ``values.read_value``: what a field allows.
- ``options.option_values`` reads a form, ``swarm.check_swarm`` has each form checked before Locust sees it, and
  ``wording`` words an error in the form's terms.
- ``page.StartForm`` renders the form, and the smaller one of a running test.
"""
