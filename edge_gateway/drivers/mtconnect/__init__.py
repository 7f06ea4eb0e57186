"""MTConnect: what an agent tells of its machines, streamed or polled over HTTP."""
