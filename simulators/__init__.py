"""Simulated machines on real Modbus TCP and OPC UA servers, with a log of every value that they served."""
