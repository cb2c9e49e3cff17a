"""The read path: saved queries, findings, reports and the command line."""
