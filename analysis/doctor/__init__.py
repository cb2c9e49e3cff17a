"""What `deploylens doctor` looks at: one module for each thing."""
