"""What was deployed, at a glance: a state, a line of failures and a verdict for each deployment."""
