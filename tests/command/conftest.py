"""The cases are read, never imported: most of them would fail at once."""

collect_ignore_glob = ["cases/*"]
