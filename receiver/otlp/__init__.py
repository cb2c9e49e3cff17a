"""OTLP as it is on the wire, protobuf and JSON, to nested Arrow."""
