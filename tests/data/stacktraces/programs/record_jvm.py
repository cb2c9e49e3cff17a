"""Records the pairs of the JVM: `python record_jvm.py OUTPUT LIBRARIES`, with java and javac of 17.

LIBRARIES has a folder for each name of COORDINATES, with these artifacts and what they depend on
(`mvn dependency:copy-dependencies`). The programs are copied, changed as a variant says, compiled
and run; the texts are as OpenTelemetry's SDK or Logback wrote them.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAMS = Path(__file__).resolve().parent / "jvm_shop"

COORDINATES = {
    "otel": "io.opentelemetry:opentelemetry-sdk:1.44.1 opentelemetry-sdk-testing:1.44.1",
    "spring": "org.springframework:spring-context:6.1.14 spring-aspects:6.1.14",
    "spring5": "org.springframework:spring-context:5.3.39 spring-aspects:5.3.39",
    "kotlin2": "kotlin-compiler-embeddable:2.0.21 kotlinx-coroutines-core-jvm:1.9.0",
    "kotlin1": "kotlin-compiler-embeddable:1.9.25 kotlinx-coroutines-core-jvm:1.7.3",
    "scala3": "org.scala-lang:scala3-compiler_3:3.3.3",
    "scala213": "org.scala-lang:scala-compiler:2.13.14",
    "scala212": "org.scala-lang:scala-compiler:2.12.19",
    "groovy4": "org.apache.groovy:groovy:4.0.23",
    "groovy2": "org.codehaus.groovy:groovy:2.5.23",
    "clojure12": "org.clojure:clojure:1.12.0",
    "clojure11": "org.clojure:clojure:1.11.4",
    "reactor": "io.projectreactor:reactor-core:3.6.11",
    "logback": "ch.qos.logback:logback-classic:1.5.12",
}

ADDED_JAVA = """static final Runnable[] ADDED = {
        () -> System.out.print(""), new Runnable() { @Override public void run() { } },
    };
"""
# What is written at the place for it: lambdas, anonymous classes and lines before all others.
ADDED = {
    ".java": ADDED_JAVA,
    ".kt": 'val added = listOf<Any>({ "" }, object : Runnable { override fun run() {} })\n',
    ".scala": "val added = List[Any]((x: Int) => x, new Object { override def hashCode = 1 })\n",
    ".groovy": "\n\n",
    ".clj": "(defn added [numbers] (map (fn [number] (+ number 1)) numbers))\n",
}
PLACE_FOR_ADDED = re.compile(r"(?://|;;) @added\n")

# Name -> (program, libraries, class to run, number in messages, change, options of javac, of java).
VARIANTS = {
    "java-base": ("java", "", "com.example.shop.Run", 5, "", (), ()),
    "java-moved": ("java", "", "com.example.shop.Run", 4711, "added", (), ()),
    "java-bare": ("java", "", "com.example.shop.Run", 77, "", ("-g:none",), ()),
    "java-hidden": (
        "java",
        "",
        "com.example.shop.Run",
        8,
        "",
        (),
        ("-XX:+UnlockDiagnosticVMOptions", "-XX:+ShowHiddenFrames"),
    ),
    "spring-6": ("spring", "spring", "com.example.spring.Run", 5, "", (), ()),
    "spring-5": ("spring", "spring5", "com.example.spring.Run", 4711, "added", (), ()),
    "logback-base": ("logback", "logback", "com.example.logback.Run", 5, "", (), ()),
    "reactor-base": ("reactor", "reactor", "com.example.reactor.Run", 5, "", (), ()),
    "reactor-traced": ("reactor", "reactor", "com.example.reactor.Run", 6, "traced", (), ()),
    "kotlin-2": ("kotlin", "kotlin2", "com.example.stock.StockKt", 5, "", (), ()),
    "kotlin-1": ("kotlin", "kotlin1", "com.example.stock.StockKt", 23, "", (), ()),
    "kotlin-moved": ("kotlin", "kotlin2", "com.example.stock.StockKt", 4711, "added", (), ()),
    "kotlin-debug": ("kotlin", "kotlin2", "com.example.stock.StockKt", 8, "", (), ("-ea",)),
    "scala-213": ("scala", "scala213", "com.example.billing.Run", 5, "", (), ()),
    "scala-212": ("scala", "scala212", "com.example.billing.Run", 23, "", (), ()),
    "scala-3": ("scala", "scala3", "com.example.billing.Run", 41, "", (), ()),
    "scala-moved": ("scala", "scala213", "com.example.billing.Run", 4711, "added", (), ()),
    "groovy-4": ("groovy", "groovy4", "com.example.gifts.Run", 5, "", (), ()),
    "groovy-2": ("groovy", "groovy2", "com.example.gifts.Run", 23, "added", (), ()),
    "clojure-12": ("clojure", "clojure12", "clojure.main", 5, "", (), ()),
    "clojure-11": ("clojure", "clojure11", "clojure.main", 23, "added", (), ()),
}
COMPILERS = {
    "java": ("javac", "-d", "{out}", "-cp", "{path}"),
    "kotlin": ("java", "-cp", "{path}", "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler", "-no-stdlib",
               "-no-reflect", "-nowarn", "-cp", "{path}", "-d", "{out}"),
    "scala": ("java", "-cp", "{path}", "scala.tools.nsc.Main", "-usejavacp", "-d", "{out}"),
    "scala3": ("java", "-cp", "{path}", "dotty.tools.dotc.Main", "-classpath", "{path}", "-d",
               "{out}"),
    "groovy": ("java", "-cp", "{path}", "org.codehaus.groovy.tools.FileSystemCompiler", "-d",
               "{out}"),
}  # fmt: skip

# The same failure in two variants: why, variants, cases.
SAME = (
    ("lambdas, classes and lines added above, another number", "java-base", "java-moved",
     "place total sum anonymous anonymous_other local proxied reflected close descend later in_pool"
     " settings price many_lines"),
    ("compiled without lines and file names", "java-base", "java-bare",
     "place_stored total later proxied limits"),
    ("frames of the JVM's own classes are shown", "java-base", "java-hidden",
     "sum proxied in_pool later reflected"),
    ("another version of Spring, lines added", "spring-6", "spring-5",
     "send back"),
    ("traced where the stream was put together", "reactor-base", "reactor-traced",
     "halves doubles"),
    ("another version of Kotlin and its coroutines", "kotlin-2", "kotlin-1",
     "take order fetch count count_elsewhere inlined flowing parse parse_later visitor sentence"
     " open"),
    ("lambdas, objects and lines added above", "kotlin-2", "kotlin-moved",
     "take fetch count_twice count_elsewhere parse_later visitor"),
    ("the exception is copied where it was awaited, for debugging", "kotlin-2", "kotlin-debug",
     "count_twice count_elsewhere fetch"),
    ("another version of Scala", "scala-213", "scala-212",
     "total most tax nested partial loop open later wrapped"),
    ("another version of Scala", "scala-213", "scala-3", "total tax nested loop wrapped"),
    ("lambdas and lines added above", "scala-213", "scala-moved", "total most nested partial"),
    ("another version of Groovy, lines added", "groovy-4", "groovy-2", "wrap total each missing"),
    ("another version of Clojure, functions added", "clojure-12", "clojure-11",
     "weigh total most post_off carry"),
)  # fmt: skip
# Other pairs that are one: variant, case, variant, case, why.
ALSO_SAME = (
    ("logback-base", "port_ex", "logback-base", "port_xEx", "the jar of each class stands there"),
    ("logback-base", "port_ex", "logback-base", "port_rEx", "the root cause is written first"),
    ("logback-base", "host_xEx", "logback-base", "host_rEx", "the root cause is written first"),
    ("java-base", "pay", "java-moved", "proxied", "one method fails, behind a proxy or not"),
)
# Two failures that differ: variant, case, variant, case, why.
DIFFERENT = (
    ("java-base", "place", "java-base", "place_stored", "another method, another message"),
    ("java-base", "place_named", "java-base", "place_stored", "another cause under one message"),
    ("java-base", "pay", "java-base", "refuse", "another method of one class"),
    ("java-base", "total", "java-base", "sum", "a lambda in another method"),
    ("java-base", "total", "java-moved", "sum", "a lambda in another method"),
    ("java-base", "anonymous", "java-base", "anonymous_other", "a class in another method"),
    ("java-base", "local", "java-base", "pay", "another class of exception"),
    ("java-base", "proxied", "java-base", "reflected", "another method behind reflection"),
    ("java-base", "close", "java-base", "close_quietly", "another method with the same message"),
    ("java-base", "descend", "java-base", "bounce", "another recursion"),
    ("java-base", "later", "java-base", "later_refused", "another method fails in the future"),
    ("java-base", "later", "java-base", "pay", "in a future, wrapped, or not"),
    ("java-base", "in_pool", "java-base", "later", "another executor and another failure"),
    ("java-base", "nothing", "java-base", "nobody", "another method; only the key differs"),
    ("java-base", "many_lines", "java-base", "many_lines_of_items", "the second line says what"),
    ("java-base", "many_lines", "java-moved", "many_lines_of_items", "the second line says what"),
    ("java-base", "settings", "java-base", "limits", "another class cannot be initialised"),
    ("java-base", "settings", "java-bare", "limits", "another class cannot be initialised"),
    ("java-base", "price", "java-base", "tax", "another method, same message"),
    ("java-base", "negative", "java-base", "close", "a constructor, or a method"),
    ("java-base", "circular", "java-base", "descend", "another class of exception"),
    ("spring-6", "send", "spring-6", "back", "another method behind one proxy"),
    ("spring-6", "send", "spring-5", "back", "another method behind one proxy"),
    ("spring-6", "without_port", "spring-6", "without_host", "another bean cannot be made"),
    ("logback-base", "port_ex", "logback-base", "host_ex", "another cause and method"),
    ("logback-base", "port_rEx", "logback-base", "host_rEx", "another cause and method"),
    ("reactor-base", "halves", "reactor-base", "doubles", "another stream"),
    ("reactor-traced", "halves", "reactor-traced", "doubles", "another stream"),
    ("kotlin-2", "take", "kotlin-2", "reserve", "another function, same message"),
    ("kotlin-2", "take", "kotlin-1", "reserve", "another function, same message"),
    ("kotlin-2", "fetch", "kotlin-2", "fetch_again", "another coroutine, same message"),
    ("kotlin-2", "fetch", "kotlin-1", "fetch_again", "another coroutine, same message"),
    ("kotlin-2", "parse", "kotlin-2", "parse_later", "a lambda in another function"),
    ("kotlin-2", "parse_later", "kotlin-2", "count_later", "a lambda in another function"),
    ("kotlin-2", "parse_later", "kotlin-1", "count_later", "a lambda in another function"),
    ("kotlin-2", "open", "kotlin-2", "close", "another function of a companion object"),
    ("kotlin-2", "visitor", "kotlin-2", "sentence", "another class and function"),
    ("kotlin-2", "inlined", "kotlin-2", "order", "another class and function"),
    ("scala-213", "total", "scala-213", "most", "a lambda in another method"),
    ("scala-213", "total", "scala-212", "most", "a lambda in another method"),
    ("scala-213", "total", "scala-3", "loop", "a lambda in another method"),
    ("scala-213", "partial", "scala-213", "loop", "a lambda in another method"),
    ("scala-213", "open", "scala-213", "close", "another method of an object"),
    ("scala-213", "wrapped", "scala-213", "open", "what failed, or what it caused"),
    ("groovy-4", "wrap", "groovy-4", "unwrap", "another method, same message"),
    ("groovy-4", "total", "groovy-4", "most", "a closure in another method"),
    ("groovy-4", "total", "groovy-2", "most", "a closure in another method"),
    ("clojure-12", "weigh", "clojure-12", "measure", "another function, same message"),
    ("clojure-12", "total", "clojure-12", "most", "a function in another function"),
    ("clojure-12", "total", "clojure-11", "most", "a function in another function"),
)

Pair = tuple[str, str, str, str, bool, str]


def pairs() -> list[Pair]:
    """Every pair: variant, case, variant, case, whether it is one, why."""
    found: list[Pair] = [
        (first, case, second, case, True, why)
        for why, first, second, names in SAME
        for case in names.split()
    ]
    found += [(*row[:4], True, row[4]) for row in ALSO_SAME]
    return found + [(*row[:4], False, row[4]) for row in DIFFERENT]


def run(*words: str) -> str:
    """What a command prints; it must succeed."""
    return subprocess.run(words, capture_output=True, check=True, text=True).stdout


def jars(libraries: Path, *names: str) -> str:
    """A class path of all jars of these folders."""
    return ":".join(str(jar) for name in names for jar in sorted((libraries / name).rglob("*.jar")))


def changed(program: Path, how: str) -> None:
    """Writes what is added, with lines above it, at the places for it."""
    for path in program.rglob("*.*"):
        added = "\n\n" + ADDED[path.suffix] if how == "added" else ""
        path.write_text(PLACE_FOR_ADDED.sub(lambda _, text=added: text, path.read_text()))


def record(variant: str, libraries: Path, recorder: Path, place: Path) -> list[dict[str, str]]:
    """What is recorded for all cases of a variant."""
    program, library, main, number, how, compiling, running = VARIANTS[variant]
    source, out = place / variant / "source", place / variant / program
    shutil.copytree(PROGRAMS / program, source)
    out.mkdir()
    changed(source, how)
    path = f"{recorder}:{jars(libraries, 'otel', *library.split())}"
    files = [str(file) for file in sorted(source.rglob("*.*"))]
    arguments = [str(number)] + (["traced"] if how == "traced" else [])
    if program == "clojure":
        arguments = [*files, *arguments]
    else:
        compiler = COMPILERS.get(library) or COMPILERS.get(program) or COMPILERS["java"]
        words = [word.format(out=out, path=path) for word in compiler]
        run(*words, *(compiling if words[0] == "javac" else ()), *files)
    printed = run("java", *running, "-cp", f"{out}:{path}", main, *arguments)
    words = f"JVM 17 {COORDINATES.get(library, '')} {' '.join((*compiling, *running))}".split()
    made = f"recorded: {' '.join(words)}, program jvm_shop/{program}, variant {variant}"
    rows = []
    for line in printed.splitlines():
        one = json.loads(line)
        name = f"jvm/{variant.partition('-')[0]}.{one.pop('case')}-{variant.partition('-')[2]}"
        rows.append({"id": name, **one, "language": "java", "from": made})
    return rows


def name_of(variant: str, case: str) -> str:
    """The id of an occurrence."""
    language, _, rest = variant.partition("-")
    return f"jvm/{language}.{case}-{rest}"


def main() -> None:
    """Writes every occurrence that is in a pair, then every pair, a JSON object on each line."""
    output, libraries = map(Path, sys.argv[1:])
    rows = [
        {"pair": [name_of(first, one), name_of(second, other)], "same": same, "why": why}
        for first, one, second, other, same, why in pairs()
    ]
    wanted = {name for row in rows for name in row["pair"]}
    with tempfile.TemporaryDirectory() as directory:
        recorder = Path(directory) / "recorder"
        sources = [str(file) for file in (PROGRAMS / "java").rglob("Recorder.java")]
        run("javac", "-d", str(recorder), "-cp", jars(libraries, "otel"), *sources)
        found = []
        for variant in VARIANTS:
            found += record(variant, libraries, recorder, Path(directory))
    text = [json.dumps(row, ensure_ascii=False) for row in found if row["id"] in wanted]
    text += [json.dumps(row, ensure_ascii=False) for row in rows]
    output.write_text("\n".join(text) + "\n", encoding="utf-8")


main()
