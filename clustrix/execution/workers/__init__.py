"""The engine of worker processes, both sides of it."""
