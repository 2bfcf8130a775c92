"""The engine of threads."""
