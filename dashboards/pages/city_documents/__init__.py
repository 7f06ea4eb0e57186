"""The policy documents with their figures, what they leave open, and how the city reads it."""
