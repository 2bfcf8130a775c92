"""What this machine and its system offer: processors, threads, and what differs between systems."""
