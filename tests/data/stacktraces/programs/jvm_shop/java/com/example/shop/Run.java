package com.example.shop;

import static com.example.record.Recorder.record;

import java.util.List;
import java.util.Map;

/** Records each way to fail; the argument is in messages and sets the depth of recursion. */
public final class Run {
    public static void main(String[] arguments) {
        int n = Integer.parseInt(arguments[0]);
        record("place", () -> Orders.place(n));
        record("place_named", () -> Orders.placeNamed("x" + n));
        record("place_stored", () -> Orders.placeStored(n));
        record("pay", () -> Orders.pay(n));
        record("refuse", () -> Orders.refuse(n));
        record("total", () -> { Orders.total(List.of("1", "one" + n)); return 0; });
        record("sum", () -> Orders.sum(List.of("1", "one" + n)));
        record("anonymous", () -> { Orders.anonymous(); return 0; });
        record("anonymous_other", () -> { Orders.anonymousInOther(); return 0; });
        record("local", () -> { Orders.local(n); return 0; });
        record("proxied", () -> Orders.proxied(n));
        record("reflected", () -> Orders.reflected(n, n));
        record("close", () -> { Orders.close(n); return 0; });
        record("close_quietly", () -> { Orders.closeQuietly(n); return 0; });
        record("descend", () -> Orders.descend(n % 60 + 2));
        record("bounce", () -> Orders.bounce(n % 60 + 2));
        record("later", () -> Orders.later(n));
        record("later_refused", () -> Orders.laterRefused(n));
        record("in_pool", () -> Orders.inPool(n));
        record("nothing", () -> Orders.nothing(Map.of()));
        record("nobody", () -> Orders.nobody(Map.of()));
        record("many_lines", () -> { Orders.manyLines(n); return 0; });
        record("many_lines_of_items", () -> { Orders.manyLinesOfItems(n); return 0; });
        record("circular", () -> { Orders.circular(n); return 0; });
        record("settings", () -> Orders.Settings.PORT);
        record("limits", () -> Orders.Limits.MAX);
        record("price", () -> new Orders(n).new Line().price());
        record("tax", () -> new Orders(n).new Line().tax());
        record("negative", () -> new Orders(-n));
    }
}
