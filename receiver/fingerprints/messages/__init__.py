"""The kind of an exception's message: what is left when every value is taken out."""
