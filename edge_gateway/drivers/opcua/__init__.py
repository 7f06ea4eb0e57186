"""OPC UA: told of every change where the server can, polled where it cannot; nothing is lost in silence."""
