"""Statistics on counts per minute: pure functions of numpy arrays that know nothing of a store."""
