"""What is known of a function's items, and what is worth doing: no pools, no user code."""
