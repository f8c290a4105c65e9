"""A run as one page: the notebooks joined, executed once, and written as an HTML file that needs nothing else."""
