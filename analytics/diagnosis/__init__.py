"""From residuals to the name of a fault."""
