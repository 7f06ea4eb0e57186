"""The page of usage statements."""
