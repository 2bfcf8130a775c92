"""Loops whose values leave one by one."""
