"""How each language writes a stack: one module a language, each with one function `read`.

`read` takes the text and returns its exceptions, the recorded one first and its causes after it,
or nothing where the text is not of that language. It takes time linear in the text: no pattern has
two ways to match the same characters. What is the application's and what is a library's is a table
of prefixes or places in each module.

The text begins with a line end and has no other than `\\n`. So patterns begin with one where others
would write `^`: the engine looks for a character much faster than for a place.
"""
