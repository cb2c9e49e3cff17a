"""How a check is asked for and shown: JSON, a terminal, Markdown."""
