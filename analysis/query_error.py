"""What can go wrong with one question to a store that is open; the same in every home."""


class QueryError(Exception):
    """Base of the errors below; the message is for the person who asked."""


class QueryFailed(QueryError):
    """DuckDB could not answer: a wrong name, a wrong type, not enough memory."""


class QueryInterrupted(QueryFailed):
    """The receiver stopped the question, or could not begin it, for what it had to do itself; it
    may be answered when it is asked again."""


class QueryRefused(QueryError):
    """The sandbox does not run this statement; the message names what it met."""


class QueryTimeout(QueryError):
    """The answer was not there in time; the query was stopped."""


class QueryTooLarge(QueryError):
    """The answer has more rows than are handed over; nothing of it was."""
