"""Lanes that belong to somebody else: executors of the standard interface, Dask, Ray."""
