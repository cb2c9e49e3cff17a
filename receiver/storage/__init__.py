"""The DuckDB file: what is written into it, when it is durable, and what is deleted."""
