"""The commands of the command line, one file each.

Modules that take long to load (DuckDB, Arrow, rich, gRPC) are imported by the functions that use
them, so that `deploylens --help` answers at once.
"""
