"""What goes between processes as bytes: functions, classes, data and errors."""
