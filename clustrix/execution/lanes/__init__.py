"""Running the items of one chunk, in whichever thread or process."""
