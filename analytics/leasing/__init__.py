"""Machines that are leased or pledged: statements of use that can be checked, fees by use, and what a machine is still worth."""
