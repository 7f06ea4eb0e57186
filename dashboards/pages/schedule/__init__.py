"""The pages of production: plans of orders on machines, and trade with the time that plans leave free."""
