"""How much of a text a dialect looks at, so that its work is bounded whatever is sent."""

# Of one exception, lines that differ; of 64 KiB a stack of ordinary length has about as many.
LINES_MAX = 1000
EXCEPTIONS_MAX = 50
