// Three requests, each with one call; the last one fails. Where the spans go, and which deployment
// they belong to, is said by the OTEL_* environment variables alone.
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';

class PaymentDeclined extends Error {
  name = 'PaymentDeclined';
}

const sdk = new NodeSDK();
sdk.start();
const tracer = trace.getTracer('deploylens-example', '1.0.0');

function pay(orderId) {
  if (orderId === 3) throw new PaymentDeclined(`order ${orderId} was declined`);
}

function charge(orderId) {
  return tracer.startActiveSpan('POST', { kind: SpanKind.CLIENT }, (call) => {
    call.setAttributes({ 'http.request.method': 'POST', 'server.address': 'payments.example' });
    try {
      pay(orderId);
      call.setAttribute('http.response.status_code', 200);
    } catch (error) {
      call.setAttribute('http.response.status_code', 502);
      fail(call, error);
      throw error;
    } finally {
      call.end();
    }
  });
}

function checkout(orderId) {
  tracer.startActiveSpan('POST /orders/{id}', { kind: SpanKind.SERVER }, (request) => {
    request.setAttributes({
      'http.request.method': 'POST',
      'http.route': '/orders/{id}',
      'order.id': orderId,
      'order.items': ['book', 'pen'],
    });
    try {
      charge(orderId);
      request.setAttribute('http.response.status_code', 200);
    } catch (error) {
      request.setAttribute('http.response.status_code', 500);
      fail(request, error);
    } finally {
      request.end();
    }
  });
}

function fail(span, error) {
  span.recordException(error);
  span.setAttribute('error.type', error.name);
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
}

for (const orderId of [1, 2, 3]) checkout(orderId);
// Sends what is still queued; without it the process ends before the first batch is due.
await sdk.shutdown();
