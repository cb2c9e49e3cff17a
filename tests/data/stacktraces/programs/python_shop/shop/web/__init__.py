"""A shop that fails in every way a service can."""
