// Records one error or panic per scenario as a program that uses OpenTelemetry would, a row a line.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime/debug"
	"sort"

	"github.com/gin-gonic/gin"
	goerrors "github.com/go-errors/errors"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"example.com/checkout/orders"
	"example.com/checkout/stock"
)

type row struct {
	Name       string `json:"name"`
	Type       string `json:"type"`
	Message    string `json:"message"`
	Stacktrace string `json:"stacktrace"`
}

var (
	spans  = tracetest.NewSpanRecorder()
	tracer = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("checkout")
	output = json.NewEncoder(os.Stdout)
)

func id() string { return fmt.Sprintf("%08x", rand.Uint32()) }

func order() *orders.Order {
	return &orders.Order{ID: id(), Lines: &stock.Shelf[string]{}}
}

var panics = map[string]func(){
	"line":        func() { order().Line(3) },
	"nil_order":   func() { (&orders.Order{}).Total() },
	"each":        func() { stock.Each([]string{id()}, func(sku string) { panic("no item " + sku) }) },
	"unload":      func() { stock.Pallet{}.Unload(id()) },
	"find":        func() { stock.Find(id()) },
	"weigh_few":   func() { stock.Weigh(3) },
	"weigh_many":  func() { stock.Weigh(300) },
	"checker":     func() { stock.Checker(rand.IntN(9))(10 + rand.IntN(90)) },
	"method":      func() { f := order().Line; stock.Each([]int{rand.IntN(9)}, func(i int) { f(i) }) },
	"sorted":      func() { sort.Slice([]int{2, 1}, func(i, j int) bool { panic("cannot compare") }) },
	"deferred":    func() { defer func() { panic(recover()) }(); stock.Find(id()) },
	"goroutine":   inGoroutine,
	"gin_handler": func() { serve("/orders/" + id()) },
	"gin_other":   func() { serve("/items/" + id()) },
}

func inGoroutine() {
	done := make(chan row)
	go func(n int) {
		defer func() { done <- recovered("", recover()) }()
		stock.Find(id())
	}(rand.IntN(9))
	panic(<-done)
}

var printed = map[string]func() error{
	"place":            func() error { return order().Place() },
	"cancel":           func() error { return order().Cancel() },
	"place_twice":      func() error { return order().PlaceTwice() },
	"nested":           func() error { return order().Nested() },
	"cockroach":        func() error { return order().Cockroach() },
	"cockroach_cancel": func() error { return order().CockroachCancel() },
	"placed":           func() error { return order().Placed() },
}

func main() {
	if len(os.Args) > 1 {
		panics[os.Args[1]]()
	}
	for name, fail := range panics {
		output.Encode(caught(name, fail))
		output.Encode(span("span_"+name, func(trace.Span) { fail() }))
	}
	for name, fail := range printed {
		err := fail()
		text := fmt.Sprintf("%+v", err)
		if placed, ok := err.(*goerrors.Error); ok {
			text = placed.ErrorStack()
		}
		output.Encode(row{name, fmt.Sprintf("%T", err), err.Error(), text})
		output.Encode(logged("zap_"+name, err))
	}
	output.Encode(span("record_plain", func(s trace.Span) { record(s, order().Plain()) }))
	output.Encode(span("record_place", func(s trace.Span) { record(s, order().Place()) }))
	output.Encode(span("record_deep", func(s trace.Span) { again(s, 4) }))
	output.Encode(span("record_deeper", func(s trace.Span) { again(s, 40) }))
}

//go:noinline
func again(s trace.Span, depth int) int {
	if depth == 0 {
		record(s, order().Plain())
		return 0
	}
	return again(s, depth-1) + 1
}

func record(s trace.Span, err error) { s.RecordError(err, trace.WithStackTrace(true)) }

func caught(name string, fail func()) (one row) {
	defer func() { one = recovered(name, recover()) }()
	fail()
	return
}

func recovered(name string, reason any) row {
	if one, ok := reason.(row); ok {
		one.Name = name
		return one
	}
	return row{name, fmt.Sprintf("%T", reason), fmt.Sprint(reason), string(debug.Stack())}
}

// What the SDK recorded while a function ran in a span; a panic passes through the span's end.
func span(name string, run func(trace.Span)) (one row) {
	defer func() {
		recover()
		ended := spans.Ended()
		one = row{Name: name}
		for _, event := range ended[len(ended)-1].Events() {
			for _, attribute := range event.Attributes {
				switch attribute.Key {
				case "exception.type":
					one.Type = attribute.Value.AsString()
				case "exception.message":
					one.Message = attribute.Value.AsString()
				case "exception.stacktrace":
					one.Stacktrace = attribute.Value.AsString()
				}
			}
		}
	}()
	_, s := tracer.Start(context.Background(), name)
	defer s.End(trace.WithStackTrace(true))
	run(s)
	return
}

// The stacktrace field of zap, of the place where the error was logged.
func logged(name string, err error) row {
	stack := zap.StackSkip("stacktrace", 0).String
	return row{name, fmt.Sprintf("%T", err), err.Error(), stack}
}

func serve(path string) {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.GET("/orders/:id", showOrder)
	router.GET("/items/:id", showItem)
	router.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
}

func showOrder(c *gin.Context) { order().Line(len(c.Param("id"))) }

func showItem(c *gin.Context) { stock.Find(c.Param("id")) }
