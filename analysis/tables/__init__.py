"""Tables of a run for terminals and pages.

- ``run_table.print_run``, ``queue_table.print_queues``, ``stage_table.print_stages``,
  ``rate_stage_table.print_rate_stages`` and ``observed_table.print_observed`` print to a terminal.
- ``notebook_tables`` and ``notebook_queues`` return the tables and sentences of notebooks and reports.
"""
