package com.example.record;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.util.concurrent.Callable;

/** Prints a JSON line for an exception, as OpenTelemetry's SDK records it. */
public final class Recorder {
    private static final InMemorySpanExporter EXPORTER = InMemorySpanExporter.create();
    private static final SdkTracerProvider PROVIDER = SdkTracerProvider.builder()
        .addSpanProcessor(SimpleSpanProcessor.create(EXPORTER)).build();

    /** Runs what fails. */
    public static void record(String name, Callable<?> failing) {
        try {
            failing.call();
        } catch (Throwable error) {
            print(name, error);
        }
    }

    private static void print(String name, Throwable error) {
        Span span = PROVIDER.get("shop").spanBuilder(name).startSpan();
        span.recordException(error);
        span.end();
        EventData event = EXPORTER.getFinishedSpanItems().get(0).getEvents().get(0);
        EXPORTER.reset();
        Attributes all = event.getAttributes();
        line(name, get(all, "type"), get(all, "message"), get(all, "stacktrace"));
    }

    private static String get(Attributes all, String name) {
        return all.get(AttributeKey.stringKey("exception." + name));
    }

    /** Prints what was recorded in another way. */
    public static void line(String name, String type, String message, String stacktrace) {
        System.out.println("{\"case\":" + quoted(name) + ",\"type\":" + quoted(type) + ",\"message\":"
            + quoted(message) + ",\"stacktrace\":" + quoted(stacktrace) + "}");
    }

    private static String quoted(String text) {
        if (text == null) {
            return "null";
        }
        StringBuilder out = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }
}
