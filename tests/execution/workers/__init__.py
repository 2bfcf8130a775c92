"""The engine of worker processes."""
