package com.example.shop;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Prints stack traces: cause with common frames, lambda, proxy, suppressed, anonymous class, recursion. */
public final class Shop {
    static final class OrderException extends RuntimeException {
        OrderException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    static String load(int id) throws IOException {
        throw new IOException("order " + id + " is not readable");
    }

    static String place(int id) {
        try {
            return load(id);
        } catch (IOException error) {
            throw new OrderException("order " + id + " could not be placed", error);
        }
    }

    static void total(List<String> prices) {
        prices.forEach(price -> Integer.parseInt(price));
    }

    static void close() throws Exception {
        try (AutoCloseable connection = () -> { throw new IllegalStateException("close failed"); }) {
            throw new IllegalArgumentException("bad argument");
        }
    }

    static void anonymous() {
        new Runnable() {
            @Override public void run() {
                throw new UnsupportedOperationException();
            }
        }.run();
    }

    @SuppressWarnings("unchecked")
    static void proxied() {
        Supplier<String> supplier = (Supplier<String>) Proxy.newProxyInstance(
            Shop.class.getClassLoader(), new Class<?>[] {Supplier.class},
            (proxy, method, arguments) -> place(7));
        supplier.get();
    }

    static int descend(int depth) {
        return descend(depth + 1) + 1;
    }

    public static void main(String[] arguments) throws Exception {
        Runnable[] failing = {
            () -> place(4711),
            () -> total(List.of("12", "twelve")),
            () -> { try { close(); } catch (Exception error) { throw new RuntimeException(error); } },
            Shop::anonymous,
            Shop::proxied,
            () -> CompletableFuture.supplyAsync(() -> place(1)).join(),
            () -> descend(0),
        };
        for (Runnable run : failing) {
            try {
                run.run();
            } catch (Throwable error) {
                error.printStackTrace(System.out);
                System.out.print("\f");
            }
        }
    }
}
