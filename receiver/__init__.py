"""The write path: OTLP bytes in, rows committed to the store, acknowledgement out."""
