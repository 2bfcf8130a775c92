"""These files are scripts: they are run by `test_seeds_examples.py`, not imported by pytest."""

collect_ignore_glob = ["*.py"]
