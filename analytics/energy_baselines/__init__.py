"""What energy a machine should have used, what it saved, what it cost, and what it emitted."""
