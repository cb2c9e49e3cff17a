"""The reference documents, made from the code: `python -m analysis.reference DIR` writes them."""
