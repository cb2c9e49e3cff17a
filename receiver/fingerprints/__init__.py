"""Which exceptions are the same: stack traces and messages to stable ids, by pure functions."""
