"""One module per protocol: a real server in front of simulated machines."""
