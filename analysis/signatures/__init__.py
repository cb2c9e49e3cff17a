"""Known causes of failures after a deployment, and which of them a failure looks like."""
