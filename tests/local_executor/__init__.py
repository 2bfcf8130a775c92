"""The published contract of `clustrix.local_executor`."""
