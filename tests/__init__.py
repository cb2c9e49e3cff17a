"""What deploylens does, as facts that can be run."""
