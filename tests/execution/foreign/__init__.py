"""Lanes of somebody else's."""
