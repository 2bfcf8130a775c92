"""Where the caller is, folder, environment, filters: read there, put in place elsewhere."""
