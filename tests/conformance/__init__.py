"""Every rule of OTLP for servers, against a running receiver over real sockets.

`docs/conformance.md` lists them; test_table.py holds the two to each other.
"""
