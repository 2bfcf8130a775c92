"""What the machine offers, and what differs between systems."""
