"""Whether a deployment broke something: a judgement made from counts per minute."""
