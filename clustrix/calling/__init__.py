"""From the arguments of a public call to its results: analysis and execution meet here."""
