"""Stacks of the JVM become exceptions and frames, whatever compiler or framework made the names."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receiver.fingerprints.dialects import java, jvm_names
from receiver.fingerprints.dialects.java import OURS, read
from receiver.fingerprints.dialects.jvm_names import place, type_name
from receiver.fingerprints.frame import Frame, Raised
from tests.test_stacktrace import backtracking_depth

CORPUS = Path(__file__).parent / "data" / "grouping" / "jvm.jsonl"
ROWS = [json.loads(line) for line in CORPUS.read_text("utf-8").splitlines()]
RECORDED = {row["id"]: row for row in ROWS if "id" in row}


def ours(chain: list[Raised]) -> list[tuple[str | None, list[str]]]:
    """The types and our own frames of a chain."""
    return [(one.type, [frame.name for frame in one.frames if frame.in_app]) for one in chain]


def recorded(name: str) -> list[Raised]:
    """The chain of an occurrence of the corpus."""
    return read("\n" + RECORDED[f"jvm/{name}"]["stacktrace"])


def test_frames_are_exact() -> None:
    """A frame has class, method, file and line, and says why it is ours or not."""
    (raised,) = recorded("java.total-base")
    assert (raised.type, raised.message) == (
        "java.lang.NumberFormatException", 'For input string: "one5"'
    )  # fmt: skip
    library = "package java is a library"
    assert raised.frames[1:5] == (
        Frame("java.lang.Integer", "parseInt", False, library, "Integer.java", 668),
        Frame("com.example.shop.Orders", "total.<lambda>", True, OURS, "Orders.java", 81),
        Frame("java.lang.Iterable", "forEach", False, library, "Iterable.java", 75),
        Frame("com.example.shop.Orders", "total", True, OURS, "Orders.java", 81),
    )  # fmt: skip


def test_causes() -> None:
    """Causes follow in the order of the text; suppressed exceptions and their causes do not."""
    text = (
        "\na.B: one\n\tat com.shop.A.b(A.java:1)\n\tSuppressed: a.S: s\n\t\tat com.shop.S.s(S.java)"
        "\n\tCaused by: a.T: t\n\t\tat com.shop.T.t(T.java:1)\nCaused by: a.C\n"
        "\tat com.shop.C.c(C.java:2)\n\t... 3 more\nCaused by: a.D: two\nlines\n\t... 4 more\n"
    )
    assert ours(read(text)) == [
        ("a.B", ["com.shop.A.b"]), ("a.C", ["com.shop.C.c"]), ("a.D", []),
    ]  # fmt: skip
    assert [one.message for one in read(text)] == ["one", None, "two\nlines"]


def test_circular_reference() -> None:
    """A reference back to the first exception is no cause."""
    assert [one.type for one in recorded("java.circular-base")] == [
        "java.lang.RuntimeException"
    ] * 2
    text = "\na.B: one\n\tat com.shop.A.b(A.java:1)\nCaused by: [CIRCULAR REFERENCE: a.B: one]\n"
    assert len(read(text)) == 1


def test_root_cause_first() -> None:
    """Logback's `%rEx` has the recorded exception last; packages of jars change nothing."""
    chain = ours(recorded("logback.port_ex-base"))
    assert [one for one, _ in chain] == [
        "java.lang.IllegalStateException", "java.lang.NumberFormatException",
    ]  # fmt: skip
    assert ours(recorded("logback.port_rEx-base")) == chain
    assert ours(recorded("logback.port_xEx-base")) == chain


def test_message_cut_out() -> None:
    """A text without its message is read the same, but for the message."""
    for row in RECORDED.values():
        before, found, after = row["stacktrace"].partition(f": {row['message']}")
        if row["message"] and found:
            assert ours(read(f"\n{before}: {after}")) == ours(read("\n" + row["stacktrace"]))


def test_thread() -> None:
    """The name of the thread stands before the type."""
    text = '\nException in thread "main" a.B: c\n\tat app//com.shop.Main.main(Main.java:3)\n'
    assert ours(read(text)) == [("a.B", ["com.shop.Main.main"])]


def test_awaited_coroutine() -> None:
    """An exception that Kotlin copied for debugging is one with its copy."""
    assert "_COROUTINE" in RECORDED["jvm/kotlin.count_twice-debug"]["stacktrace"]
    for case in ("count_twice", "count_elsewhere"):
        assert ours(recorded(f"kotlin.{case}-debug")) == ours(recorded(f"kotlin.{case}-2"))


def test_reactor() -> None:
    """Frames that Reactor moved below its own description belong to the exception."""
    assert "Original Stack Trace" in RECORDED["jvm/reactor.halves-traced"]["stacktrace"]
    assert ours(recorded("reactor.halves-traced")) == ours(recorded("reactor.halves-base"))


def test_data_of_clojure() -> None:
    """The data of a Clojure exception stands in the text, and in no message."""
    cause = recorded("clojure.post_off-12")[1]
    assert (cause.type, cause.message) == ("clojure.lang.ExceptionInfo", "parcel 5 is too heavy")


def test_proxies_of_spring() -> None:
    """Proxies, reflection and Spring between our methods leave our methods."""
    for version in ("6", "5"):
        assert ours(recorded(f"spring.send-{version}"))[0][1][:2] == [
            "com.example.spring.Run$Shipping.send", "com.example.spring.Run$Counting.count",
        ]  # fmt: skip


NAMES = {
    # Java
    ("com.shop.A.lambda$place$3", "A.java:1"): "com.shop.A place.<lambda>",
    ("com.shop.A.lambda$new$0", "A.java:1"): "com.shop.A <init>.<lambda>",
    ("com.shop.A.lambda$static$0", "A.java:1"): "com.shop.A <clinit>.<lambda>",
    ("com.shop.A.lambda$null$0", "A.java:1"): "com.shop.A <lambda>",
    ("com.shop.A$1.run", "A.java:1"): "com.shop.A <anonymous>.run",
    ("com.shop.A$1$2.call", "A.java:1"): "com.shop.A <anonymous>.call",
    ("com.shop.A$Line$1.run", "A.java:1"): "com.shop.A$Line <anonymous>.run",
    ("com.shop.A$1Local.<init>", "A.java"): "com.shop.A$Local <init>",
    ("java.base@21.0.1/java.lang.Thread.run", "Thread.java:1"): "java.lang.Thread run",
    ("app//com.shop.A.b", "A.java:1"): "com.shop.A b",
    ("loader/module@1.2/com.shop.A.b", "A.java:1"): "com.shop.A b",
    ("com.shop.A.place_aroundBody0", "A.java:1"): "com.shop.A place",
    ("Main.main", "Main.java:1"): "Main main",
    # made at run time
    ("com.shop.A$$Lambda$712/0x00000008012a3c40.apply", "Unknown Source"): None,
    ("com.shop.A$$Lambda/0x00007f1c01003400.run", "Unknown Source"): None,
    ("com.shop.A$$ExternalSyntheticLambda0.run", "Unknown Source:2"): None,
    ("com.shop.A$$SpringCGLIB$$0.place", "<generated>"): None,
    ("com.shop.A$$EnhancerBySpringCGLIB$$1a2b3c4d.place", "<generated>"): None,
    ("com.shop.A$$FastClassBySpringCGLIB$$1a2b3c4d.invoke", "<generated>"): None,
    ("jdk.proxy2.$Proxy45.place", "Unknown Source"): None,
    ("com.shop.A$HibernateProxy$AbCd.getId", "Unknown Source"): None,
    ("com.shop.A$ByteBuddy$AbCd.getId", "Unknown Source"): None,
    ("com.shop.A_$$_jvst12_3.getId", "A_$$_jvst12_3.java"): None,
    ("com.shop.A_Subclass.place", "Unknown Source"): None,
    ("com.shop.A_Subclass$$function$$3.apply", "Unknown Source"): None,
    ("com.shop.A_ClientProxy.place", "Unknown Source"): None,
    ("com.shop.A_Bean.create", "Unknown Source"): None,
    ("com.shop.A_Observer_onStart_1a2b.notify", "Unknown Source"): None,
    ("com.shop.Wine_Bean.create", "Wine_Bean.java:3"): "com.shop.Wine_Bean create",
    ("com.shop.A$quarkusrestinvoker$place_4f0e1d2c3b4a59687766554433221100ffeeddcc.invoke",
     "Unknown Source"): None,
    ("com.shop.A$Intercepted.findByCode", "Unknown Source"): None,
    ("com.shop.$A$Definition$Exec.dispatch", "Unknown Source"): None,
    ("com.shop.$A$Definition$Intercepted.place", "Unknown Source"): None,
    ("com.shop.$A$Definition.instantiate", "Unknown Source"): None,
    ("com.shop.$A$Introspection.dispatchOne", "Unknown Source"): None,
    ("com.shop.Report$Definition.parse", "Report.java:3"): "com.shop.Report$Definition parse",
    ("com.shop.A$$SpringCGLIB$$FastClass$$1.invoke", "<generated>"): None,
    ("com.shop.A__BeanDefinitions.create", "A__BeanDefinitions.java:9"): None,
    ("com.shop.A$$OwbNormalScopeProxy0.place", "com/shop/A.java"): None,
    ("com.shop.A$$$view12.place", "Unknown Source"): None,
    ("com.shop.A.$$_hibernate_read_total", "A.java:1"): None,
    ("java.base/jdk.internal.reflect.GeneratedMethodAccessor91.invoke", "Unknown Source"): None,
    ("java.base/jdk.internal.reflect.DirectMethodHandleAccessor.invoke", "D.java:1"): None,
    # Kotlin
    ("com.shop.AKt$take$2$1.invokeSuspend", "A.kt:1"): "com.shop.AKt take",
    ("com.shop.AKt$take$1.invokeSuspend", "A.kt"): "com.shop.AKt take",
    ("com.shop.A$parse$1.invoke", "A.kt:1"): "com.shop.A parse.<lambda>",
    ("com.shop.A.parse$lambda$0", "A.kt:1"): "com.shop.A parse.<lambda>",
    ("com.shop.A.parse$lambda$1$lambda-0", "A.kt:1"): "com.shop.A parse.<lambda>",
    ("com.shop.A._init_$lambda$0", "A.kt:1"): "com.shop.A <init>.<lambda>",
    ("com.shop.AKt.take-IoAF18A", "A.kt:1"): "com.shop.AKt take",
    ("com.shop.AKt.take-IoAF18A$default", "A.kt:1"): "com.shop.AKt take",
    ("com.shop.A$Companion.open", "A.kt:1"): "com.shop.A$Companion open",
    ("com.shop.AKt$f$$inlined$map$1$2.emit", "Emitters.kt:1"): "com.shop.AKt f.emit",
    ("com.shop.AKt.access$open", "A.kt:1"): None,
    ("_COROUTINE._BOUNDARY._", "CoroutineDebugging.kt:46"): None,
    ("com.shop.A.takes all of it", "A.kt:1"): "com.shop.A takes all of it",
    # Scala
    ("com.shop.A$$anonfun$total$1.apply$mcII$sp", "A.scala:1"): "com.shop.A total.<lambda>",
    ("com.shop.A$$anonfun$f$1$$anonfun$apply$2.apply", "A.scala:1"): "com.shop.A f.<lambda>",
    ("com.shop.A.$anonfun$total$1$adapted", "A.scala:1"): "com.shop.A total.<lambda>",
    ("com.shop.A.total$$anonfun$1", "A.scala:1"): "com.shop.A total.<lambda>",
    ("com.shop.A$.open", "A.scala:1"): "com.shop.A open",
    ("com.shop.A$class.tax", "A.scala:1"): "com.shop.A tax",
    ("com.shop.A.tax$", "A.scala:1"): "com.shop.A tax",
    ("com.shop.A$$anon$1.call", "A.scala:1"): "com.shop.A <anonymous>.call",
    ("com.shop.A.inner$1", "A.scala:1"): "com.shop.A inner",
    ("com.shop.A.liftedTree2$1", "A.scala:1"): "com.shop.A liftedTree",
    ("com.shop.A$.delayedEndpoint$com$shop$A$1", "A.scala:1"): "com.shop.A delayedInit",
    # Groovy
    ("com.shop.A$_each_closure4$_closure7.doCall", "A.groovy:1"): "com.shop.A each.<lambda>",
    ("com.shop.A$wrap$0.call", "Unknown Source"): None,
    ("com.shop.A.this$dist$invoke$1", "A.groovy:1"): None,
    ("Script12.run", "Script12.groovy:1"): "Script run",
    # Clojure
    ("shop.core$place_order.invokeStatic", "core.clj:1"): "shop.core place_order",
    ("shop.core$total$fn__148.invoke", "core.clj:1"): "shop.core total.fn",
    ("user$eval12$f__3.doInvoke", "NO_SOURCE_FILE:1"): "user eval.f",
    # Android
    ("a.b.c.d", "SourceFile:12"): "<minified> <minified>",
    ("a.b.c", "Unknown Source:3"): "<minified> <minified>",
    ("a.a.b", "r8-map-id-0123abc:7"): "<minified> <minified>",
    ("b.a.a.run", "Unknown Source:14"): "<minified> <minified>",
    ("com.shop.A.onCreate", "SourceFile:4"): "com.shop.A onCreate",
}  # fmt: skip


@pytest.mark.parametrize(("name", "location"), NAMES)
def test_names(name: str, location: str) -> None:
    """A name is what a person wrote, without what compilers, proxies and counters add."""
    written = place(name, location)
    assert (written and " ".join(written)) == NAMES[name, location]


def test_type_names() -> None:
    """An anonymous or local class of exception has no number."""
    assert type_name("com.shop.A$1Local") == type_name("com.shop.A$2Local") == "com.shop.A$Local"
    assert type_name("com.shop.A$1") == type_name("com.shop.A$2")
    assert type_name("com.shop.A$Closed") == "com.shop.A$Closed"


def test_shortened_names_are_not_ours() -> None:
    """Names that R8 made differ in every build, so they stand for nobody's code."""
    (raised,) = read("\na.b: c\n\tat a.b.c.d(SourceFile:1)\n\tat com.shop.A.b(SourceFile:2)\n")
    assert [(one.module, one.in_app, one.line) for one in raised.frames] == [
        ("<minified>", False, 1), ("com.shop.A", True, 2),
    ]  # fmt: skip
    assert "R8" in raised.frames[0].reason


@pytest.mark.parametrize(("location", "source"), [
    ("A.java:12", ("A.java", 12)), ("A.java", ("A.java", None)), ("Native Method", (None, None)),
    ("Unknown Source:3", (None, 3)), ("<generated>", (None, None)), ("", (None, None)),
    ("A.java:99999999999", ("A.java", None)), ("A.java:x", ("A.java", None)),
])  # fmt: skip
def test_source(location: str, source: tuple[str | None, int | None]) -> None:
    """File and line are what stands in the parentheses, where that is a file."""
    (raised,) = read(f"\na.B\n\tat com.shop.A.b({location}) ~[app.jar!/:1.2.3]\n")
    assert raised.frames == (Frame("com.shop.A", "b", True, OURS, *source),)


def test_cut_end() -> None:
    """A frame at the end of a text that was cut is left out."""
    text = "\na.B: c\n\tat com.shop.A.b(A.java:1)\n\tat com.shop.A.cdef(A.ja"
    assert ours(read(text)) == [("a.B", ["com.shop.A.b"])]


PIECES = st.sampled_from([
    "\n", "\n\tat ", "com.shop.A", "$", "$1", "$$Lambda$7/0x1", ".b", "(A.java:1)", "(", ")", ":",
    "\nCaused by: ", "a.B: c", "\n\tSuppressed: ", "\n\t... 3 more", "[CIRCULAR REFERENCE:",
    "lambda$", "$anonfun$", "_closure1", "invokeSuspend", "access$", "-IoAF18A", "\nWrapped by: ",
    "fn__1", "\nOriginal Stack Trace:", "$$inlined$", "(Unknown Source)", "(x.clj:1)", "/", ".",
    "é", " ", "\n\tat _COROUTINE._BOUNDARY._(C.kt:1)", ".call", ".invoke", "$_",
    "$anon", "99999999999",
])  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=40).map("".join))
def test_never_raises(text: str) -> None:
    """Any text made of pieces of stacks is read, with numbers that fit."""
    for raised in read("\n" + text):
        assert all(0 <= (frame.line or 0) < 2**31 for frame in raised.frames)


@settings(deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=12).map("".join), st.sampled_from(["A.java:1", ""]))
def test_names_never_raise(name: str, location: str) -> None:
    """Any name is one of ours, or made by a machine."""
    written = place(name, location)
    assert written is None or len(written) == 2


def test_patterns_take_linear_time() -> None:
    """No pattern repeats without limit what itself may be repeated in more than one way."""
    import re._parser as parser  # type: ignore[import-not-found]  # the only one that parses

    patterns = [one for mod in (java, jvm_names) for one in vars(mod).values()]
    found = [one for one in patterns if isinstance(one, re.Pattern)]
    assert len(found) > 15
    for pattern in found:
        assert backtracking_depth(parser.parse(pattern.pattern, pattern.flags)) <= 1, pattern
