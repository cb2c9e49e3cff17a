"""OTLP over gRPC and HTTP: who may send, how much at a time, and what senders are told."""
