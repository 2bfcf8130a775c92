"""The command line: rules shown by files with comments, formats, exit statuses."""
