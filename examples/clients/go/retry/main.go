// Command retry makes a span for each of ORDERS orders, PAUSE_MS apart, and prints which of them
// the SDK believes delivered. Where they go is said by the OTEL_* environment variables alone.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// counting passes spans on and remembers what became of them.
type counting struct {
	sdktrace.SpanExporter
	Delivered []int64  `json:"delivered"`
	Failed    int      `json:"failed"`
	Errors    []string `json:"errors"`
}

func (c *counting) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := c.SpanExporter.ExportSpans(ctx, spans)
	if err != nil {
		c.Failed += len(spans)
		c.Errors = append(c.Errors, err.Error())
		return err
	}
	for _, span := range spans {
		for _, one := range span.Attributes() {
			if one.Key == "order.id" {
				c.Delivered = append(c.Delivered, one.Value.AsInt64())
			}
		}
	}
	return nil
}

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	exporter, err := newExporter(ctx)
	if err != nil {
		return err
	}
	count := &counting{SpanExporter: exporter, Delivered: []int64{}, Errors: []string{}}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(count, sdktrace.WithBatchTimeout(200*time.Millisecond)))
	tracer := provider.Tracer("deploylens-retry")
	orders, pause := number("ORDERS", 600), number("PAUSE_MS", 20)
	first := number("FIRST_ORDER", 1)
	for order := first; order < first+orders; order++ {
		_, span := tracer.Start(ctx, "POST /orders/{id}", trace.WithSpanKind(trace.SpanKindServer),
			trace.WithAttributes(attribute.Int("order.id", order)))
		span.End()
		time.Sleep(time.Duration(pause) * time.Millisecond)
	}
	err = provider.Shutdown(ctx)
	return errors.Join(json.NewEncoder(os.Stdout).Encode(count), ignore(err))
}

// ignore tells of an error that is part of what is tried out.
func ignore(err error) error {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return nil
}

func number(name string, otherwise int) int {
	if value, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return value
	}
	return otherwise
}

func newExporter(ctx context.Context) (*otlptrace.Exporter, error) {
	if os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc" {
		return otlptracegrpc.New(ctx)
	}
	return otlptracehttp.New(ctx)
}
