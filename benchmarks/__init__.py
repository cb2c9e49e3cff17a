"""Measurements of the receiver and the analyses; they print figures and judge nothing."""
