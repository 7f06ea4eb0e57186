"""Modbus TCP, RTU over TCP and RTU: reads, never writes, and never takes one reply for another."""
