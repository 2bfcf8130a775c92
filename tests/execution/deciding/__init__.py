"""What is worth doing, from figures alone."""
