"""What functions are, as far as their compiled code and what they hold show it."""
