"""Which commits and whose code: what a local git checkout knows about a failing deployment."""
