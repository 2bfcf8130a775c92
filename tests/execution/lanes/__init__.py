"""Running the items of a chunk."""
