"""The behaviours, a file for each theme, with the functions under test beside them."""
