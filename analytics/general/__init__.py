"""Analytics for machines of every kind: what no rule names, and sensors that cannot be right."""
