"""For those who build on clustrix: what holds an engine to the promise of the plain loop.

The room stands above the roof.  It may use everything below it, and nothing below knows of it.
"""
