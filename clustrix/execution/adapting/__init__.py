"""A loop that measures itself while it runs, and goes where it is run best."""
