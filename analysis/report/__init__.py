"""The report of one deployment: what the store knows about it, in the shape of an incident
document."""
