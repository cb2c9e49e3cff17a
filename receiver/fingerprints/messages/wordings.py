"""Values without quotation marks, told by the words around them.

Most are how one library or server words one message; the corpus in `tests/data/grouping` holds an
example of each.
"""

import re

from receiver.fingerprints.messages.substitution import AFTER, VALUE, Rule, Trace

# What comes after "user" and is no user: "user profile is locked".
NOT_A_NAME = (
    "account|address|agent|attribute|context|credentials?|data|details|email|entity|entry|field|for"
    "|group|has|id|identity|in|info|information|input|interface|is|list|lookup|management|mapping"
    "|name|not|object|of|or|pool|preferences|profile|query|record|repository|role|schema|service"
    "|session|settings|state|status|store|table|that|token|type|validation|was|with|and|who|does"
    "|did|do|can|cannot|could|may|must|should|will|already"
)


PERSON = Rule(
    "a person or a tenant named before a verb",
    rf"""
    ((?:[Uu]ser(?:name)?|[Cc]ustomer|[Tt]enant|[Mm]ember|[Ss]ubscriber|[Mm]erchant)[ ])
    (?!(?:{NOT_A_NAME})\b) [\w@.+-]{{1,64}}+
    (?=[ ](?:is|was|has|does|did|cannot|can|could|not|already|may|must|should|will)\b)
    """,
    AFTER,
)
COMPARED = Rule("a compared value", r"((?:expected|but[ ]was|actual):[ ]?)<(?!\*>)[^<>\n]{0,200}>",
                AFTER)  # fmt: skip
BRACKETED = Rule(
    "a value in brackets after the word that announces it",
    r"""((?:[Vv]alue|[Tt]ime[ ]string|[Ii]nput)s?(?:[ ]is)?[ ])
        (?:\[[^\]\n]{0,300}\]|\([^)\n]{0,300}\))""",
    AFTER,
)
# How validators and parsers end: Invalid UUID string: abc.
TO_THE_END = Rule(
    "after a word that announces a value, up to the end",
    r"""((?:(?:UUID|input|datetime|date|time|format)[ ]string|no[ ]protocol|unable[ ]to[ ]parse
          |(?:[Ii]nvalid|[Uu]nknown|Previous|Current)[ ](?:value|input)(?=:[ ][^\s"]++$)):[ ])
        (?!["'`<]) [^\n"}\]]++""",
    AFTER,
)
ASSIGNED = Rule("the value of a quoted key", r"('\w{1,60}'[ ]?=[ ]?)[^\s,;)\]'\"]++", AFTER)
# A minifier gives names of one or two letters; what follows a dot is a property.
SHORT_NAME = re.compile(r"(?<![\w$.])[A-Za-z_$][\w$]?(?![\w$<])")


def _minified(match: re.Match[str]) -> str:
    return SHORT_NAME.sub(VALUE, match[0])


def _like_ruby(match: re.Match[str]) -> str:
    """Quotations that open one another in a row, all at once: a mark that changed ends the next."""
    return match[0].replace("`", "'") if match[0][-1] == "'" else match[0]


# With each rule, a piece of text without which it cannot match.
BY_WORDING = (
    ("ser ", PERSON),
    ("sername ", PERSON),
    ("ustomer ", PERSON),
    ("enant ", PERSON),
    ("ember ", PERSON),
    ("ubscriber ", PERSON),
    ("erchant ", PERSON),
    ("string: ", TO_THE_END),
    ("protocol: ", TO_THE_END),
    ("parse: ", TO_THE_END),
    ("value: ", TO_THE_END),
    ("input: ", TO_THE_END),
    ("alue", BRACKETED),
    ("ime string ", BRACKETED),
    ("nput", BRACKETED),
    (": <", COMPARED),
    (":<", COMPARED),
    ("' =", ASSIGNED),
    ("'=", ASSIGNED),
    (" (of class ", Rule("what no case matched", r"\A[^\n]+(?=[ ]\(of[ ]class[ ])", VALUE)),
    ("BigInt", Rule("what is no whole number",
                    r"(Cannot[ ]convert[ ])[^\n]{1,300}?(?=[ ]to[ ]a[ ]BigInt)", AFTER)),
    (" on line ", Rule("the caller of a PHP function",
                       r"((?:called|passed)[ ]in[ ])[^\s]++[ ]on[ ]line[ ](?:[0-9]++|<\*>)",
                       AFTER)),
    ("`", Rule("the quotation marks of Ruby before 3.4", r"(?:`[^`'\n]{1,100}+)++'?", _like_ruby)),
    ("nil:NilClass", Rule("how Ruby before 3.4 writes nil", r"nil:NilClass", "nil")),
    ("enum constant", Rule("the constant asked of an enum",
                           r"(No[ ]enum[ ]constant[ ](?:\w+[.$])*)[^\n]++", AFTER)),
    (" Received ", Rule("what Node.js received as an argument",
                        r"((?<=[.][ ])Received[ ])(?:undefined|null|type|function|an[ ]instance"
                        r"|\[|['<])[^\n]*+", AFTER)),
    ("Illegal character", Rule("the text of an address that cannot be read",
                               r"(Illegal[ ]character[ ]in[ ][a-z]+[ ]at[ ]index[ ][0-9<>*]+:[ ])"
                               r"[^\n]++", AFTER)),
    ("be cast to class ", Rule("where the JVM loaded two classes from",
                               r"(be[ ]cast[ ]to[ ]class[ ][^\s]++)[ ]"
                               r"\([^()\n]{1,2000}?[ ]module[ ][^()\n]*+\)(?=[\s'\",;]|\Z)",
                               r"\1")),
    ("(Connection: ", Rule("the connection, which Laravel writes since 10",
                           r"\(Connection:[ ][^()\n]{1,300}?[ ]SQL:[ ]", "(SQL: ")),
    ("() ", Rule("the class before a function's name, which Python writes since 3.10",
                 r"(?<![\w.>])(?:(?:\w{1,100}+|<locals>)\.)++"
                 r"(?=\w{1,100}+\(\)[ ](?:missing|takes|got)[ ])", "")),
    ("<local", Rule("the slot of a variable", r"<local[0-9]{1,5}>", "<local>")),
    ("(evaluating '", Rule("a minified name", r"(?<=\(evaluating[ ]')[^'\n]++(?='\))", _minified)),
    ("can't access property ", Rule("a minified name",
                                    r"(?<=,[ ])[^\s,]{1,300}+(?=[ ]is[ ](?:undefined|null)\b)",
                                    _minified)),
    ("codec can't", Rule("a character that cannot be coded",
                         r"(codec[ ]can't[ ](?:en|de)code[ ])[^\n]++", AFTER)),
    ("beginning with: ", Rule("arguments of a command",
                              r"(with[ ]args[ ]beginning[ ]with:[ ])[^\n]++", AFTER)),
    ("row contains ", Rule("a row of a table", r"(Failing[ ]row[ ]contains[ ])\([^\n]++", AFTER)),
    ("input_value=", Rule("what was validated",
                          r"(input_value=)[^\n]{0,500}?(,[ ]input_type=)[\w.]++(?=\])",
                          rf"\1{VALUE}\2{VALUE}")),
    ("Command '", Rule("the command that was run",
                       r"(Command[ ])'\[[^\n]*\]'(?=[ ](?:returned|timed|died))", AFTER)),
    ("Command failed: ", Rule("the command that was run",
                              r"(Command[ ]failed:[ ][^\s]++)[^\n]++", r"\1 " + VALUE)),
)  # fmt: skip

# One of these words stands in every text that a rule matches, but for a few rules.
TELLING = frozenset(
    """
    user User username Username customer Customer tenant Tenant member Member subscriber
    Subscriber merchant Merchant string string: String protocol: parse: value value: value(
    Value values Values input input: Input inputs Inputs expected: was: actual: enum Received
    Illegal codec beginning Failing Command class BigInt called passed = access (evaluating
    (Connection:
    """.split()  # noqa: SIM905  # words are read more easily in lines
)
STATEMENT = frozenset("from FROM into INTO update UPDATE".split())  # noqa: SIM905  # as above
STATEMENT_WORD = re.compile(r"(?<!\S)(?:from|FROM|into|INTO|update|UPDATE)(?!\S)")
ROW = r"\((?:[^()\n]|\([^()\n]{0,200}\))*+\)"
IN_SQL = (
    Rule("rows of an SQL statement", rf"((?:VALUES|values)[ ]?){ROW}(?:,[ ]?{ROW})*+",
         rf"\1({VALUE})"),
    Rule("a list of an SQL statement",
         r"([ ](?:IN|in)[ ]?)\((?=['0-9?$:%<])[^()\n]*+\)", rf"\1({VALUE})"),
    Rule("text in an SQL statement",
         r"((?:[=<]|(?<!\*)>|[ ](?:LIKE|like|AND|and|THEN|then|ELSE|else)[ ])[ ]?)"
         r"'[^'\n]{0,300}'", AFTER),
)  # fmt: skip


def has_telling_words(text: str, words: list[str]) -> bool:
    """Whether a wording may show a value in the text; `words` is the text split at spaces."""
    return (
        not TELLING.isdisjoint(words)
        or "input_value=" in text
        or "'=" in text
        or "`" in text
        or "() " in text
        or "<local" in text
        or (not STATEMENT.isdisjoint(words) and ("(" in text or "'" in text))
    )


def without_worded_values(text: str, trace: Trace) -> str:
    """The text without the values that its wording shows, where it has telling words."""
    if STATEMENT_WORD.search(text):
        for rule in IN_SQL:
            text = rule.apply(text, trace)
    for piece, rule in BY_WORDING:
        if piece in text:
            text = rule.apply(text, trace)
    return text
