"""What goes between processes as bytes."""
