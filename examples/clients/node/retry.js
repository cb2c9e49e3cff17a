// Makes a span for each of ORDERS orders, PAUSE_MS apart, and prints which of them the SDK believes
// delivered. Where they go is said by the OTEL_* environment variables alone.
import { setTimeout as pause } from 'node:timers/promises';
import { SpanKind, trace } from '@opentelemetry/api';
import { NodeSDK, tracing } from '@opentelemetry/sdk-node';

const number = (name, otherwise) => Number(process.env[name] ?? otherwise);
const delivered = [];
const errors = [];
let failed = 0;

const protocol = process.env.OTEL_EXPORTER_OTLP_PROTOCOL ?? 'http/protobuf';
const module = {
  grpc: '@opentelemetry/exporter-trace-otlp-grpc',
  'http/protobuf': '@opentelemetry/exporter-trace-otlp-proto',
  'http/json': '@opentelemetry/exporter-trace-otlp-http',
}[protocol];
const { OTLPTraceExporter } = await import(module);
const exporter = new OTLPTraceExporter();
const send = exporter.export.bind(exporter);
exporter.export = (spans, done) =>
  send(spans, (result) => {
    if (result.code === 0) {
      for (const span of spans) delivered.push(span.attributes['order.id']);
    } else {
      failed += spans.length;
      errors.push(String(result.error));
    }
    done(result);
  });

const processor = new tracing.BatchSpanProcessor(exporter, { scheduledDelayMillis: 200 });
const sdk = new NodeSDK({ spanProcessors: [processor] });
sdk.start();
const tracer = trace.getTracer('deploylens-retry');
const first = number('FIRST_ORDER', 1);
for (let order = first; order < first + number('ORDERS', 600); order += 1) {
  const kind = SpanKind.SERVER;
  tracer.startSpan('POST /orders/{id}', { kind, attributes: { 'order.id': order } }).end();
  await pause(number('PAUSE_MS', 20));
}
await sdk.shutdown().catch((error) => errors.push(String(error)));
console.log(JSON.stringify({ delivered, failed, errors }));
