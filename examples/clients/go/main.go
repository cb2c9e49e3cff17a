// Command client sends three requests, each with one call; the last one fails. Where the spans go,
// and which deployment they belong to, is said by the OTEL_* environment variables alone.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

type paymentDeclined struct{ orderID int }

func (e *paymentDeclined) Error() string { return fmt.Sprintf("order %d was declined", e.orderID) }

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) (err error) {
	exporter, err := newExporter(ctx)
	if err != nil {
		return err
	}
	// The provider's default resource reads OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES.
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter))
	// Sends what is still queued; without it the process ends before the first batch is due.
	defer func() { err = errors.Join(err, provider.Shutdown(ctx)) }()

	tracer := provider.Tracer("deploylens-example", trace.WithInstrumentationVersion("1.0.0"))
	for orderID := 1; orderID <= 3; orderID++ {
		checkout(ctx, tracer, orderID)
	}
	return nil
}

// newExporter honours OTEL_EXPORTER_OTLP_PROTOCOL, which the exporters leave to the program. They
// read every other OTEL_EXPORTER_OTLP_* variable themselves.
func newExporter(ctx context.Context) (*otlptrace.Exporter, error) {
	switch protocol := os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL"); protocol {
	case "grpc":
		return otlptracegrpc.New(ctx)
	case "", "http/protobuf":
		return otlptracehttp.New(ctx)
	default:
		return nil, fmt.Errorf(
			"OTEL_EXPORTER_OTLP_PROTOCOL is %q; Go has exporters for grpc and http/protobuf", protocol)
	}
}

func checkout(ctx context.Context, tracer trace.Tracer, orderID int) {
	ctx, request := tracer.Start(ctx, "POST /orders/{id}",
		trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(
			attribute.String("http.request.method", "POST"),
			attribute.String("http.route", "/orders/{id}"),
			attribute.Int("order.id", orderID),
			attribute.StringSlice("order.items", []string{"book", "pen"}),
		))
	defer request.End()

	if err := charge(ctx, tracer, orderID); err != nil {
		request.SetAttributes(attribute.Int("http.response.status_code", 500))
		fail(request, err)
		return
	}
	request.SetAttributes(attribute.Int("http.response.status_code", 200))
}

func charge(ctx context.Context, tracer trace.Tracer, orderID int) error {
	_, call := tracer.Start(ctx, "POST",
		trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(
			attribute.String("http.request.method", "POST"),
			attribute.String("server.address", "payments.example"),
		))
	defer call.End()

	if orderID == 3 {
		err := &paymentDeclined{orderID}
		call.SetAttributes(attribute.Int("http.response.status_code", 502))
		fail(call, err)
		return err
	}
	call.SetAttributes(attribute.Int("http.response.status_code", 200))
	return nil
}

func fail(span trace.Span, err error) {
	span.RecordError(err, trace.WithStackTrace(true))
	span.SetAttributes(attribute.String("error.type", fmt.Sprintf("%T", err)))
	span.SetStatus(codes.Error, err.Error())
}
