"""Ironmaking blast furnaces: gas, balances, output, silicon, walls, and what goes wrong."""
