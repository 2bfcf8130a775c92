"""What items print, log and warn about."""
