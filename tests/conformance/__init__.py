"""The conformance suite on every engine, and the suite itself."""
