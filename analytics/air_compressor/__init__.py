"""Air compressors: what they take for what they deliver, what leaks, what wears, and which of them should run."""
