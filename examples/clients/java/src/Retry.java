import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Makes a span for each of ORDERS orders, PAUSE_MS apart, and prints which of them the SDK believes
 * delivered. Where they go is said by the OTEL_* environment variables alone.
 */
public final class Retry {
  private static final AttributeKey<Long> ORDER = AttributeKey.longKey("order.id");

  private Retry() {}

  public static void main(String[] arguments) throws InterruptedException {
    List<Counting> counts = new ArrayList<>();
    var sdk =
        AutoConfiguredOpenTelemetrySdk.builder()
            .addPropertiesSupplier(() -> Map.of("otel.bsp.schedule.delay", "200"))
            .addSpanExporterCustomizer(
                (exporter, properties) -> {
                  counts.add(new Counting(exporter));
                  return counts.get(counts.size() - 1);
                })
            .disableShutdownHook()
            .build()
            .getOpenTelemetrySdk();
    Tracer tracer = sdk.getTracer("deploylens-retry");
    long first = number("FIRST_ORDER", 1);
    long end = first + number("ORDERS", 600);
    for (long order = first; order < end; order++) {
      tracer
          .spanBuilder("POST /orders/{id}")
          .setSpanKind(SpanKind.SERVER)
          .setAttribute(ORDER, order)
          .startSpan()
          .end();
      Thread.sleep(number("PAUSE_MS", 20));
    }
    sdk.shutdown().join(1, TimeUnit.MINUTES);
    counts.forEach(count -> System.out.println(count.json()));
  }

  private static long number(String name, long otherwise) {
    String value = System.getenv(name);
    return value == null ? otherwise : Long.parseLong(value);
  }

  /** Passes spans on and remembers what became of them. */
  private static final class Counting implements SpanExporter {
    private final SpanExporter exporter;
    private final List<Long> delivered = new ArrayList<>();
    private final List<String> errors = new ArrayList<>();
    private int failed;

    Counting(SpanExporter exporter) {
      this.exporter = exporter;
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
      // The SDK uses the collection again once the result is there.
      List<Long> orders = spans.stream().map(span -> span.getAttributes().get(ORDER)).toList();
      CompletableResultCode result = exporter.export(spans);
      return result.whenComplete(() -> count(orders, result));
    }

    private synchronized void count(List<Long> orders, CompletableResultCode result) {
      if (result.isSuccess()) {
        delivered.addAll(orders);
      } else {
        failed += orders.size();
        errors.add(String.valueOf(result.getFailureThrowable()));
      }
    }

    @Override
    public CompletableResultCode flush() {
      return exporter.flush();
    }

    @Override
    public CompletableResultCode shutdown() {
      return exporter.shutdown();
    }

    synchronized String json() {
      String quoted = errors.stream().map(Counting::quote).collect(Collectors.joining(", "));
      return "{\"delivered\": %s, \"failed\": %d, \"errors\": [%s]}"
          .formatted(delivered, failed, quoted);
    }

    private static String quote(String text) {
      String oneLine = text.replaceAll("\\p{Cntrl}", " ");
      return '"' + oneLine.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
  }
}
