"""The tests mirror the rooms of the house; what they share is in `jobs` and `strategies`."""
