"""Names of classes and methods as compilers for the JVM make them, and as people wrote them.

A compiler names what has no name: lambdas, anonymous classes, steps of a coroutine. It counts them
in the order of the source, so that another lambda in a file renumbers all; and each compiler, and
each version, has its own way. Here all become the function that holds them, `place.<lambda>`.
"""

import re

LAMBDA = "<lambda>"
ANONYMOUS = "<anonymous>"

# Classes that are made at run time, or by a build for calls into our code; they hold none of it.
MADE = re.compile(
    r"\$\$Lambda|\$\$(?:Enhancer|FastClass)By|\$\$SpringCGLIB|\$\$(?:ExternalSynthetic|InternalSynthetic)"
    r"|\$Proxy[0-9]|\$Proxy\$_|\$HibernateProxy\$|\$ByteBuddy\$|_\$\$_(?:jvst|javassist|Weld)"
    r"|\$MockitoMock\$|\$auxiliary\$|\$AjcClosure[0-9]|\$Definition\$(?:Exec|Intercepted)"
    r"|GeneratedMethodAccessor|GeneratedConstructorAccessor|_ClientProxy\b|_Subclass\b"
    r"|\$quarkus[a-z]++\$|\$\$Owb|\$\$\$view[0-9]|\.\$\$_hibernate_"
    r"|__(?:BeanDefinitions|BeanFactoryRegistrations|Autowiring)\b"
    r"|\$jacocoInit|\$delayedInit\$body|^_COROUTINE\.|^LambdaForm\$|\.LambdaForm\$"
)

# Names that people may give too; the generated classes have no source.
MADE_WITHOUT_SOURCE = re.compile(
    r"(?:_(?:Bean|ComponentsProvider)|_Observer_\w++|\$Definition|\$Intercepted|\$Introspection"
    r"|\$IntrospectionRef)(?:\$[\w$]++)?\.[\w$<>]++\Z"
)

# How a method was called by reflection depends on how often it was called before.
REFLECTION = ("jdk.internal.reflect.", "sun.reflect.", "java.lang.reflect.", "java.lang.invoke.")

# A method beside ours that only calls it: Kotlin's access to private members, Groovy's dispatch.
BRIDGE = re.compile(r"access\$\w*+(?:\$cp)?\Z|access\$[0-9]++\Z|this\$dist\$|\$deserializeLambda\$")

CLOJURE_FILE = re.compile(r"\.cljc?(?::[0-9]++)?\Z|NO_SOURCE_FILE|REPL|form-init")
CLOJURE_CALLS = frozenset((
    "invoke", "invokeStatic", "invokePrim", "doInvoke", "applyTo", "call", "run",
))  # fmt: skip
GENSYM = re.compile(r"__[0-9]++(?:__auto__)?|(?<=\beval)[0-9]++")

# What R8 and ProGuard leave of names, and of the file.
SHORTENED = re.compile(r"(?:[a-zA-Z]{1,2}[0-9]?\.)*+[a-zA-Z]{1,2}[0-9]?")
SHORTENED_FILE = re.compile(r"(?:SourceFile|r8-map-id-[0-9a-f]*+|Unknown Source|)(?::[0-9]++)?")
MINIFIED = "<minified>"

# The 7 characters that Kotlin adds to a function with parameters of a value class.
MANGLED = re.compile(r"-[A-Za-z0-9_-]{7}(?=\$|\Z)")
# Scala's copies of a function for primitive types, and the bridges to its lambdas.
SPECIALISED = re.compile(r"\$mc[A-Z]++\$sp|\$adapted\Z")
# The static twin of a method in a trait or an interface.
TWIN = re.compile(r"\$(?:default)?\Z")

# Lambdas: javac's `lambda$place$3`; Scala's `$anonfun$place$1`, `place$$anonfun$1`; Kotlin's
# `place$lambda$0`, `place$lambda-0`.
JAVAC = re.compile(r"lambda\$(?:lambda\$)*+([^$]++(?:\$[^$0-9][^$]*+)*+)(?:\$[0-9]++)*+")
SCALA = re.compile(r"\$anonfun\$(?:\$nestedInanonfun\$[0-9]++\$)?([^$]++).*+")
SUFFIX = re.compile(r"(?:\$\$anonfun\$|\$lambda[$-]|\$\$Lambda\$|\$\$Q\$|\$lam\$)[^\n]*+")
DELAYED = re.compile(r"delayedEndpoint\$[^\n]*+")
# Numbered parts of a function: Scala's try within an expression, what AspectJ moved out.
PART = re.compile(r"(?<=^liftedTree)[0-9]++|_aroundBody[0-9]++(?:\$advice)?\Z")
SCRIPT = re.compile(r"(?<=\bscript)[0-9]++\b|(?<=\bScript)[0-9]++\b")
NUMBERS = re.compile(r"(?:\$[0-9]++)++(?=\$|\Z|[^\W\d])")
CLOSURE = re.compile(r"\$_(?:([^\W_][^\W_]{0,80})_)?(?:closure|lambda)[0-9]")

# A part of a class name between dollar signs that is nothing, or a number.
UNNAMED = re.compile(r"[0-9]*+\Z")
# What compilers call a constructor in the names of its lambdas. For one within a lambda javac 8
# has no name.
CONSTRUCTORS = {"new": "<init>", "_init_": "<init>", "static": "<clinit>", "null": ""}
# How functional interfaces are called by Kotlin, Scala, Groovy: the name says nothing.
CALLS = frozenset(("invoke", "invokeSuspend", "apply", "doCall", "call", "applyOrElse"))


def place(name: str, location: str) -> tuple[str, str] | None:
    """Class and function of `com.shop.Order$1.run` as people wrote them; None for generated code.

    `location` is what stands in parentheses, `Order.java:12`.
    """
    if MADE.search(name):
        return None
    if location == "Unknown Source" and MADE_WITHOUT_SOURCE.search(name):
        return None
    if "/" in name:  # module and class loader: java.base/java.lang.Thread, app//com.shop.Order
        name = name[name.rfind("/") + 1 :]
    if name.startswith(REFLECTION):
        return None
    owner, _, function = name.rpartition(".")
    if CLOJURE_FILE.search(location) and "$" in owner:
        return _clojure(owner, function)
    if SHORTENED.fullmatch(owner) and SHORTENED_FILE.fullmatch(location):
        return MINIFIED, MINIFIED
    if BRIDGE.match(function):
        return None
    if "cript" in owner:
        owner = SCRIPT.sub("", owner)
    if "$" not in name and "-" not in function and "_" not in name:
        return owner, function
    if location == "Unknown Source" and function.startswith("call") and "$" in owner:
        return None  # Groovy's classes of call sites
    return _compiled(owner, function)


def type_name(name: str) -> str:
    """The class of an exception without the numbers of anonymous and local classes."""
    return NUMBERS.sub("$", name) if "$" in name else name


def _compiled(owner: str, function: str) -> tuple[str, str]:
    package, _, class_name = owner.rpartition(".")
    class_name, within = _within(class_name)
    owner = f"{package}.{class_name}" if package else class_name
    function, is_lambda = _function(function)
    if within is None:
        return owner, f"{function}.{LAMBDA}".lstrip(".") if is_lambda else function
    if function == "invokeSuspend" and within != ANONYMOUS:
        return owner, within  # a step of a coroutine
    if is_lambda or (function in CALLS and within != ANONYMOUS):
        return owner, within if within.endswith(LAMBDA) else f"{within}.{LAMBDA}"
    return owner, f"{within}.{function}"


def _within(class_name: str) -> tuple[str, str | None]:
    """The class that a person named, and the function in it whose lambda or anonymous class this
    is: None if it is neither, and `<anonymous>` if the function is not said."""
    if closure := CLOSURE.search(class_name):
        return class_name[: closure.start()], closure[1] or "run"
    class_name, inlined, _ = class_name.partition("$$inlined$")
    class_name = class_name.removesuffix("$package$").removesuffix("$class").rstrip("$")
    head, *parts = class_name.split("$")
    if inlined:
        parts.append("0")
    numbered = max((index for index, part in enumerate(parts) if UNNAMED.match(part)), default=0)
    named, within = [head], None
    for index, part in enumerate(parts):
        if part in ("anon", "anonfun") or (part and UNNAMED.match(part)):
            within = within or (LAMBDA if part == "anonfun" else ANONYMOUS)
        elif within in (LAMBDA, ANONYMOUS) and part and part[0].islower():
            within = part  # Scala: the function follows
        elif part[:1].islower() and index < numbered:
            within = within or part
        elif within is None and part:
            named.append(part.lstrip("0123456789"))
    return "$".join(named), within


def _function(name: str) -> tuple[str, bool]:
    """A function's name as it was written, and whether it is a lambda in that function."""
    if "-" in name:
        name = MANGLED.sub("", name)
    name = SPECIALISED.sub("", name)
    if made := JAVAC.match(name) or SCALA.match(name):
        return CONSTRUCTORS.get(made[1], made[1]), True
    cut = SUFFIX.sub("", name)
    if cut != name:
        return CONSTRUCTORS.get(cut, cut), True
    name = PART.sub("", NUMBERS.sub("", DELAYED.sub("delayedInit", name)))
    return TWIN.sub("", name) or name, False


def _clojure(owner: str, function: str) -> tuple[str, str]:
    """`shop.core$place$fn__12.invoke` is `place.fn` of the namespace `shop.core`."""
    namespace, *functions = GENSYM.sub("", owner).split("$")
    if function not in CLOJURE_CALLS:
        functions.append(function)
    return namespace, ".".join(part for part in functions if part)
