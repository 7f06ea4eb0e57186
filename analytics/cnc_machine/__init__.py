"""Machine tools: their states and figures, cycles and energy, the cut and its tools, free hours, and what is wrong with them."""
