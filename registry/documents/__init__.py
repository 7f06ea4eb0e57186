"""The policy documents as data: what they promise, when, to whom, and where they leave something open."""
