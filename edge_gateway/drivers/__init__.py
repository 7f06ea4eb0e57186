"""One module per protocol, each the only door to its library; the contract they keep is ``edge_gateway.driver.Driver``."""
