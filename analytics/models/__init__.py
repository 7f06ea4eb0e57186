"""Whether a learned model still fits its machine, and whether another one would fit better."""
