package com.example.shop;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Orders that fail in every way that Java has. */
public class Orders {
    // @added

    /** An order could not be placed. */
    public static class OrderException extends RuntimeException {
        public OrderException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** An order could not be paid. */
    public static final class PaymentException extends OrderException {
        public PaymentException(String message) {
            super(message, null);
        }
    }

    final int number;

    Orders(int number) {
        if (number < 0) {
            throw new IllegalArgumentException("number " + number + " is negative");
        }
        this.number = number;
    }

    static String load(int id) throws IOException {
        throw new IOException("order " + id + " is not readable");
    }

    static String parse(String id) {
        return "" + Integer.parseInt(id);
    }

    static String place(int id) {
        try {
            return load(id);
        } catch (IOException error) {
            throw new OrderException("order " + id + " could not be placed", error);
        }
    }

    static String placeNamed(String id) {
        try {
            return parse(id);
        } catch (NumberFormatException error) {
            throw new OrderException("order could not be placed", error);
        }
    }

    static String placeStored(int id) {
        try {
            return load(id);
        } catch (IOException error) {
            throw new OrderException("order could not be placed", error);
        }
    }

    static String pay(int id) {
        throw new PaymentException("order " + id + " is not paid");
    }

    static String refuse(int id) {
        throw new PaymentException("order " + id + " is refused by the bank");
    }

    static void total(List<String> prices) {
        prices.forEach(price -> Integer.parseInt(price));
    }

    static long sum(List<String> prices) {
        return prices.stream().map(price -> Integer.parseInt(price)).filter(price -> price > 0).count();
    }

    static void anonymous() {
        new Runnable() {
            @Override public void run() {
                throw new UnsupportedOperationException("not yet");
            }
        }.run();
    }

    static void anonymousInOther() {
        new Callable<String>() {
            @Override public String call() {
                throw new UnsupportedOperationException("not yet");
            }
        }.call();
    }

    static void local(int id) {
        class LocalException extends RuntimeException {
            LocalException(String message) {
                super(message);
            }
        }
        throw new LocalException("order " + id);
    }

    static String proxied(int id) {
        Supplier<?> supplier = (Supplier<?>) Proxy.newProxyInstance(
            Orders.class.getClassLoader(), new Class<?>[] {Supplier.class},
            (proxy, method, arguments) -> pay(id));
        return (String) supplier.get();
    }

    static Object reflected(int id, int times) throws Exception {
        Method method = Orders.class.getDeclaredMethod("placeOrNot", int.class, boolean.class);
        for (int i = 0; i < times; i++) {
            method.invoke(null, id, false);
        }
        return method.invoke(null, id, true);
    }

    static String placeOrNot(int id, boolean really) {
        return really ? place(id) : "";
    }

    static void close(int id) throws Exception {
        try (AutoCloseable connection = () -> { throw new IllegalStateException("close failed"); }) {
            throw new IllegalArgumentException("order " + id + " is wrong");
        }
    }

    static void closeQuietly(int id) throws Exception {
        try (AutoCloseable connection = () -> { }) {
            throw new IllegalArgumentException("order " + id + " is wrong");
        }
    }

    static int descend(int depth) {
        if (depth == 0) {
            throw new IllegalStateException("too deep");
        }
        return descend(depth - 1) + 1;
    }

    static int bounce(int depth) {
        return depth == 0 ? 1 / depth : bounceBack(depth - 1);
    }

    static int bounceBack(int depth) {
        return depth == 0 ? 1 / depth : bounce(depth - 1);
    }

    static String later(int id) {
        return CompletableFuture.supplyAsync(() -> pay(id)).thenApply(String::trim).join();
    }

    static String laterRefused(int id) {
        return CompletableFuture.supplyAsync(() -> refuse(id)).thenApply(String::trim).join();
    }

    static String inPool(int id) throws Exception {
        var pool = Executors.newSingleThreadExecutor();
        try {
            return pool.submit(() -> place(id)).get(1, TimeUnit.SECONDS);
        } finally {
            pool.shutdown();
        }
    }

    static int nothing(Map<String, String> settings) {
        return settings.get("CITY").length();
    }

    static int nobody(Map<String, String> settings) {
        return settings.get("USER").length();
    }

    static void manyLines(int id) {
        throw new IllegalStateException("order " + id + " is wrong:\nCity: unknown\n at all");
    }

    static void manyLinesOfItems(int id) {
        throw new IllegalStateException("order " + id + " is wrong:\nItems: none\n at all");
    }

    static void circular(int id) {
        RuntimeException first = new RuntimeException("order " + id);
        RuntimeException second = new RuntimeException("again", first);
        first.initCause(second);
        throw first;
    }

    /** Fails when it is first used. */
    static class Settings {
        static final int PORT = Integer.parseInt("port");
    }

    /** Fails when it is first used. */
    static class Limits {
        static final int MAX = Integer.parseInt("max");
    }

    /** A member that is no static one. */
    class Line {
        int price() {
            return 1 / (number - number);
        }

        int tax() {
            return 1 / (number - number);
        }
    }
}
