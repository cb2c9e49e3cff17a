"""The verdict on deployments of the past, minute by minute as it would have been."""
