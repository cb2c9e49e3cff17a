package com.example.reactor;

import static com.example.record.Recorder.record;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;

/** Streams that fail, with or without the places where they were put together. */
public final class Run {
    // @added

    static int half(int number) {
        if (number == 3) {
            throw new IllegalStateException("number is odd");
        }
        return number / 2;
    }

    static Flux<Integer> halves() {
        return Flux.range(1, 5).map(number -> half(number)).checkpoint("halves");
    }

    static Flux<Integer> doubles() {
        return Flux.range(1, 5).map(number -> 1 / (number - 3)).checkpoint("doubles");
    }

    public static void main(String[] arguments) {
        if (arguments.length > 1) {
            Hooks.onOperatorDebug();
        }
        record("halves", () -> halves().collectList().block());
        record("doubles", () -> doubles().collectList().block());
    }
}
