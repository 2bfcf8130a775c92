"""Which items are in a chunk, and which chunk is next."""
