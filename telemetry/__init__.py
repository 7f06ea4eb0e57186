"""What a sample is and how it travels: the vocabulary that every other package shares."""
