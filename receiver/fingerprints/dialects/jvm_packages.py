"""Packages of the JDK, of languages on the JVM, and of widely used frameworks and drivers."""

LIBRARIES = (
    # the JDK
    "java.", "javax.", "jakarta.", "jdk.", "sun.", "com.sun.", "com.oracle.", "netscape.",
    "org.graalvm.", "openj9.", "com.ibm.",
    # languages and Android
    "kotlin.", "kotlinx.", "scala.", "groovy.", "clojure.", "android.", "androidx.", "dalvik.",
    "com.android.", "libcore.", "com.google.android.", "org.jetbrains.", "dotty.", "nrepl.",
    # frameworks and servers
    "org.springframework.", "org.apache.", "org.eclipse.", "org.hibernate.", "org.jboss.",
    "org.wildfly.", "org.glassfish.", "org.mortbay.", "org.codehaus.", "org.springdoc.",
    "io.undertow.", "io.netty.", "io.grpc.", "io.vertx.", "io.quarkus.", "io.smallrye.",
    "io.micronaut.", "io.helidon.", "io.dropwizard.", "io.ktor.", "io.javalin.", "io.rsocket.",
    "io.reactivex.", "io.swagger.", "io.arrow-kt.", "arrow.", "akka.", "play.", "reactor.", "rx.",
    "cats.", "zio.", "monix.", "fs2.", "sttp.", "org.http4s.", "com.twitter.", "com.typesafe.",
    "graphql.", "feign.", "com.netflix.", "io.github.resilience4j.", "lambdainternal.",
    "com.vaadin.", "com.linecorp.", "ratpack.", "grails.", "org.grails.", "spark.", "ring.",
    "compojure.", "reitit.", "manifold.", "aleph.", "dagger.", "org.koin.", "com.airbnb.epoxy.",
    "io.temporal.", "io.camunda.", "org.camunda.", "org.flowable.", "org.activiti.",
    "org.axonframework.", "org.keycloak.", "org.quartz.", "com.hazelcast.", "org.infinispan.",
    # clients and drivers
    "okhttp3.", "okio.", "retrofit2.", "com.squareup.", "com.mysql.", "org.mariadb.",
    "org.postgresql.", "oracle.", "com.microsoft.", "org.h2.", "org.hsqldb.", "org.sqlite.",
    "com.mongodb.", "org.bson.", "com.datastax.", "redis.clients.", "io.lettuce.",
    "org.redisson.", "com.rabbitmq.", "com.zaxxer.", "com.mchange.", "org.elasticsearch.",
    "org.opensearch.", "co.elastic.", "com.amazonaws.", "software.amazon.", "com.azure.",
    "com.google.cloud.", "com.google.api.", "com.google.firebase.", "com.couchbase.",
    "com.clickhouse.", "org.duckdb.", "org.neo4j.", "net.snowflake.", "io.nats.", "io.minio.",
    "org.flywaydb.", "liquibase.", "org.jooq.", "org.mybatis.", "org.jdbi.", "slick.", "doobie.",
    "io.r2dbc.", "com.stripe.", "com.twilio.", "io.fabric8.", "io.kubernetes.", "org.influxdb.",
    # tools
    "com.google.common.", "com.google.inject.", "com.google.gson.", "com.google.protobuf.",
    "com.fasterxml.", "com.github.benmanes.", "ch.qos.", "org.slf4j.", "net.logstash.",
    "org.aspectj.", "org.aopalliance.", "net.bytebuddy.", "net.sf.", "javassist.",
    "org.objectweb.asm.", "org.yaml.", "org.json.", "org.thymeleaf.", "freemarker.",
    "org.antlr.", "groovyjarjar", "io.jsonwebtoken.", "com.nimbusds.", "com.auth0.",
    "org.bouncycastle.", "org.joda.", "org.osgi.", "io.opentelemetry.", "io.micrometer.",
    "io.prometheus.", "io.opentracing.", "brave.", "zipkin2.", "io.sentry.", "com.newrelic.",
    "com.dynatrace.", "com.appdynamics.", "com.datadoghq.", "datadog.", "com.launchdarkly.",
    "dev.openfeature.", "org.junit.", "junit.", "org.testng.", "org.mockito.", "org.gradle.",
    "org.scalatest.", "io.kotest.", "io.mockk.", "spock.",
)  # fmt: skip
