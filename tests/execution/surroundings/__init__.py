"""Where items are when they run."""
