"""Long runs that break things on purpose; started by ``make stress``, not by pytest."""
