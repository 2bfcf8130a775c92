"""Engines, and everything between a chunk and its outcome."""
