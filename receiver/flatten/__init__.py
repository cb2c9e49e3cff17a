"""Nested Arrow of export requests to rows of the store's tables; batches in and out, no I/O."""
