"""The least that may be asked of retention; apart from it, for the command line loads no DuckDB to
check a setting."""

DISK_BYTES_MIN = 1_000_000_000
RETENTION_MIN_S = 3600
