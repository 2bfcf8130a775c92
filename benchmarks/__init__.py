"""Benchmarks: one question a file, everything compared in the same run."""
