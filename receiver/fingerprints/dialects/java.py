"""Stacks as `Throwable.printStackTrace` writes them: Java, Kotlin, Scala, Groovy on a JVM."""

import re

from receiver.fingerprints.frame import Frame, Raised

# Packages of the JDK, of languages on the JVM, and of widely used frameworks and drivers.
LIBRARIES = (
    # the JDK
    "java.", "javax.", "jakarta.", "jdk.", "sun.", "com.sun.", "com.oracle.", "netscape.",
    # languages and Android
    "kotlin.", "kotlinx.", "scala.", "groovy.", "clojure.", "android.", "androidx.", "dalvik.",
    "com.android.",
    # frameworks and servers
    "org.springframework.", "org.apache.", "org.eclipse.", "org.hibernate.", "org.jboss.",
    "org.wildfly.", "org.glassfish.", "org.mortbay.", "org.codehaus.", "io.undertow.",
    "io.netty.", "io.grpc.", "io.vertx.", "io.quarkus.", "io.smallrye.", "io.micronaut.",
    "io.helidon.", "io.dropwizard.", "io.ktor.", "io.javalin.", "akka.", "play.", "reactor.",
    "io.reactivex.", "rx.", "cats.effect.", "zio.", "graphql.", "feign.", "com.netflix.",
    "io.github.resilience4j.",
    # clients and drivers
    "okhttp3.", "okio.", "retrofit2.", "com.squareup.", "com.mysql.", "org.mariadb.",
    "org.postgresql.", "oracle.", "com.microsoft.sqlserver.", "org.h2.", "com.mongodb.",
    "com.datastax.", "redis.clients.", "io.lettuce.", "org.redisson.", "com.rabbitmq.",
    "com.zaxxer.", "org.elasticsearch.", "co.elastic.", "com.amazonaws.", "software.amazon.",
    "com.azure.", "com.google.cloud.", "com.google.api.", "org.flywaydb.", "liquibase.",
    "org.quartz.", "org.jooq.", "org.mybatis.",
    # tools
    "com.google.common.", "com.google.inject.", "com.google.gson.", "com.google.protobuf.",
    "com.fasterxml.", "ch.qos.", "org.slf4j.", "org.aspectj.", "org.aopalliance.",
    "net.bytebuddy.", "net.sf.cglib.", "javassist.", "org.yaml.", "io.opentelemetry.",
    "io.micrometer.", "io.sentry.", "com.newrelic.", "datadog.", "org.junit.", "org.mockito.",
    "org.gradle.",
)  # fmt: skip

FRAME = re.compile(r"\n[ \t]++at ([^\s(]++)\(([^)\n]*+)\)")
# Causes begin a line. Indented ones, and Suppressed, belong to what failed while this failed.
SECTION = re.compile(r"\n([ \t]*+(?:Caused by|Suppressed)): ([\w.$/]*+)")
TYPE = re.compile(r'(?:Exception in thread "[^"\n]*+" )?([\w.$]++)(?=[:\n]|\Z)')

# What compilers and proxies add to a name. Numbers follow the order in the source, or chance.
GENERATED = re.compile(
    r"\$\$(?:Lambda|Enhancer|FastClass|SpringCGLIB|Proxy)[^\n.]*+|\$(?:HibernateProxy|ByteBuddy)\$\w++"
    r"|_\$\$_\w++|(?<=\$Proxy)[0-9]++|(?<=\$)[0-9]++\b"
)

# How a method was called by reflection depends on how often it was called before.
REFLECTION = ("jdk.internal.reflect.", "sun.reflect.", "java.lang.reflect.", "java.lang.invoke.")


def read(text: str) -> list[Raised]:
    """An exception and its causes in the order of the text; suppressed exceptions do not count."""
    return read_sections(text, LIBRARIES)


def read_sections(text: str, libraries: tuple[str, ...]) -> list[Raised]:
    """The same for any language that writes its stacks like Java; `libraries` are name prefixes."""
    head, *sections = SECTION.split(text)
    named = TYPE.match(head.lstrip())
    chain = [Raised(named[1] if named else None, _frames(head, libraries))]
    for keyword, name, section in zip(*[iter(sections)] * 3, strict=True):
        if keyword == "Caused by":
            chain.append(Raised(_stable(name), _frames(section, libraries)))
    return chain if any(raised.frames for raised in chain) else []


def _frames(section: str, libraries: tuple[str, ...]) -> tuple[Frame, ...]:
    found = dict(FRAME.findall(section)).items()
    frames = (_frame(_stable(name), location, libraries) for name, location in found)
    return tuple(dict.fromkeys(frame for frame in frames if frame))


def _frame(name: str, location: str, libraries: tuple[str, ...]) -> Frame | None:
    if name.startswith(REFLECTION):
        return None
    module, _, function = name.rpartition(".")
    generated = location == "<generated>" or "$Proxy" in name
    return Frame(module, function, not (generated or name.startswith(libraries)))


def _stable(name: str) -> str:
    if "$" in name:
        name = GENERATED.sub("", name)
    # "java.base/java.lang.Thread", "app//com.example.Shop": module and class loader.
    return name[name.rfind("/") + 1 :]
