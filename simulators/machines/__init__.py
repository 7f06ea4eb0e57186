"""One module per equipment kind: its physics, in a class named after the kind."""
