"""Loops that measure themselves."""
