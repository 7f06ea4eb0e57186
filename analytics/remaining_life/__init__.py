"""How long a machine has left: trends to a limit, first passages, failure records of a fleet, and runs like its own."""
