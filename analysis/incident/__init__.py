"""From the symptom to the deployment: which of those that went out lately broke it, if any did."""
