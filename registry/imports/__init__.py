"""Tables of a city that go into its registry: read, checked row by row, and taken as a whole or not at all."""
