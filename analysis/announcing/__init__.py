"""Tells the outside what happens: a deployment that began, a verdict that changed."""
