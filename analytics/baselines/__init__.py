"""How a machine behaves while healthy, learned from its own first days."""
