"""The decorator: one file for each kind of callable."""
