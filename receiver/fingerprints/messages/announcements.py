"""The words before a quotation that say whether it is a name of the code or a value.

English, lower case, singular. The lists come from the messages of the libraries in
`tests/data/grouping/messages.jsonl`.
"""

# "field 'city'": another field is another failure.
NAMES = frozenset(
    """
    action algorithm alias annotation api arg argument association attr attribute bean bucket
    catalog charset class client code codec collation collection column command component
    config configmap configuration constant constraint constructor consumer controller
    converter cookie database datasource datatype db default dependency deployment destructure
    dialect directive directory domain driver element encoding endpoint engine enum environment
    event exception exchange export expression extension feature field filter flag folder
    function gem generator global graph group handler header helper hook host identifier import
    index instance interface invoke iterator job keyspace keyword label language layout library
    loader locale logger macro method metric middleware migration mixin model module mutation
    namespace node object operand operation operator option package param parameter partial
    partition path permission pipeline plugin policy privilege procedure program project prop
    property protocol provider query queue reading realm reference region register registry
    relation relationship repository requirement resolver resource role route router rule
    schema scheme scope script secret section selector sequence serializer server service
    setter setting setup signal slot source stage state statement store strategy stream struct
    subscription subsystem symbol syntax table target task template test topic trait trigger
    type unit unrecognized validator var variable version vhost view visibility volume wildcard
    worker
    """.split()  # noqa: SIM905  # words are read more easily in lines
)

# "customer 'acme'": another customer is the same failure.
VALUES = frozenset(
    """
    account actual amount answer article basket batch blob book booking buyer campaign card
    cart char character charge city comment contact content converting coupon credential
    currency customer date datetime day delimiter digit discount duration email employee entry
    given got guest guid iban id identity input instant integer invoice ip item literal
    login mail mailbox marker member merchant mobile money month near nickname nonce note
    number offer order owner parcel parse parsed parsing partner passenger password patient
    payload payment person phone photo picture player post price product promo quantity receipt
    received recipient record reservation sale seller sender serial session shipment sku slug
    string student subscriber supplier telephone tenant text ticket time timestamp token total
    transaction uid upload user username uuid value variant vendor visitor voucher wallet was
    word
    """.split()  # noqa: SIM905  # words are read more easily in lines
)

# What follows a quotation and makes it a value: 'abc' is not of type 'integer'.
VALUE_BEFORE = (
    " is not of type", " is not one of", " does not match", " is too long", " is too short",
    " was not recognized as", " was not in a correct", " is not in list", " is not in deque",
    " is less than the m", " is greater than the m", " could not be parsed", " cannot be parsed",
    " is not JSON serializable value", " is not a multiple of", " has non-unique elements",
    " is not a valid enum", " is not a valid value", " is not a valid choice", " is not valid JSON",
    " value must be", " is not a valid UUID", " is not a valid date", " is not a valid email",
    " is not an email", " cannot be converted", " is not a member of", " is not a number",
    " does not appear to be", " is not a valid backing",
)  # fmt: skip

# What follows a quotation and makes it a name, whatever it looks like.
NAME_BEFORE = (
    " is not defined", " is a required", " is required", " is missing", " must ", " is not allowed",
    " field", " column", " property", " attribute", " parameter", " argument", " is undefined",
    " has no attribute", " object has no", " operation", " index", " header", " was unexpected",
    " codec", " constraint", " relation", " table", " is null", " has already", " is not set",
)  # fmt: skip


def announces(word: str) -> bool | None:
    """True if the word announces a value, False if a name of the code, None if neither."""
    word = word.lower()
    if word in VALUES:
        return True
    if word in NAMES:
        return False
    if word.endswith("s"):
        return announces(word[:-1]) if len(word) > 3 and not word.endswith("ss") else None
    return None
