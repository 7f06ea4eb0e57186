"""The city's big screen, and how it is let in."""
