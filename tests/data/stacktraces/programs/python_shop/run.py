"""Prints a JSON line for each way to fail: the exception as OpenTelemetry's SDK records it.

`python run.py NUMBER CASE...`; NUMBER is in messages, and sets the depth of recursion.
"""

import json
import sys

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from shop import config, loading, orders, tasks
from shop.web import views

NUMBER = int(sys.argv[1]) if len(sys.argv) > 1 else 1


def model(name, *arguments):
    from shop import models

    getattr(models, name)(*arguments)


CASES = {
    "setting_timeout": lambda: config.timeout({}),
    "setting_region": lambda: config.region({}),
    "cause_key": lambda: config.connect({}),
    "cause_value": lambda: config.connect_by_port({"PORT": f"p{NUMBER}"}),
    "cause_hidden": lambda: config.connect_quietly({}),
    "context": lambda: config.parse_port({"PORT": f"p{NUMBER}"}),
    "place": lambda: orders.place(NUMBER),
    "cancel": lambda: orders.cancel(NUMBER),
    "pay": lambda: orders.pay(NUMBER),
    "refuse": lambda: orders.refuse(NUMBER),
    "total": lambda: orders.total(["1", "one"]),
    "total_lazily": lambda: orders.total_lazily(["1", "one"]),
    "cheapest": lambda: orders.cheapest([{}, {}]),
    "dearest": lambda: orders.dearest([{}, {}]),
    "descend": lambda: orders.descend(NUMBER % 40 + 1),
    "bounce": lambda: orders.bounce(NUMBER % 40),
    "notes": lambda: orders.annotate(NUMBER),
    "many_lines": lambda: orders.many_lines(NUMBER),
    "many_lines_of_items": lambda: orders.many_lines_of_items(NUMBER),
    "local_class": lambda: orders.local_class(NUMBER),
    "traceback_inside": lambda: orders.with_traceback_inside(NUMBER),
    "property": orders.Basket.weigh,
    "deep_cause": lambda: orders.deep_cause(NUMBER),
    "bare_cause": lambda: orders.cause_without_traceback(NUMBER),
    "other_bare_cause": lambda: orders.other_cause_without_traceback(NUMBER),
    "group": lambda: tasks.checkout(NUMBER),
    "group_turned": lambda: tasks.checkout_turned(NUMBER),
    "group_charge": lambda: tasks.checkout_charge(NUMBER),
    "nested": lambda: tasks.nested(NUMBER),
    "nested_other": lambda: tasks.nested_other(NUMBER),
    "gathered": lambda: tasks.gathered(NUMBER),
    "waited": lambda: tasks.waited(NUMBER),
    "in_process": lambda: tasks.in_process(NUMBER),
    "in_process_other": lambda: tasks.in_process_other(NUMBER),
    "in_pool": lambda: tasks.in_pool(NUMBER),
    "in_pool_other": lambda: tasks.in_pool_other(NUMBER),
    "in_thread": lambda: tasks.in_thread(NUMBER),
    "syntax_coupons": lambda: loading.load("coupons"),
    "syntax_gifts": lambda: loading.load("gifts"),
    "no_module": lambda: loading.load("vouchers"),
    "evaluate": lambda: loading.evaluate(NUMBER),
    "parse_rule": lambda: loading.parse_rule("1 +"),
    "parse_order": lambda: loading.parse_order(f'{{"id": {NUMBER}'),
    "parse_basket": lambda: loading.parse_basket(f'{{"id": {NUMBER}'),
    "city": lambda: model("validate", {"user": "a", "zip": NUMBER}),
    "user": lambda: model("validate", {"city": "a", "zip": NUMBER}),
    "no_table": lambda: model("query", "SELECT * FROM baskets WHERE id = :id", {"id": NUMBER}),
    "no_column": lambda: model("query", "SELECT town FROM orders WHERE id = :id", {"id": NUMBER}),
    "not_null": lambda: model("query", "INSERT INTO orders (id) VALUES (:id)", {"id": NUMBER}),
    "flask_place": lambda: views.by_flask(f"/orders/{NUMBER}"),
    "flask_pay": lambda: views.by_flask(f"/orders/{NUMBER}/pay"),
    "flask_region": lambda: views.by_flask("/region"),
    "fastapi_async": lambda: views.by_fastapi(f"/orders/{NUMBER}"),
    "fastapi_sync": lambda: views.by_fastapi(f"/baskets/{NUMBER}"),
    "django_show": lambda: views.by_django(f"/orders/{NUMBER}"),
    "django_price": lambda: views.by_django(f"/orders/{NUMBER}/price"),
    "celery": lambda: views.by_celery(NUMBER),
    "jinja_order": lambda: views.by_jinja("order.html"),
    "jinja_basket": lambda: views.by_jinja("basket.html"),
}


def main(names):
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("shop")
    for name in names:
        with tracer.start_as_current_span(name) as span:
            try:
                CASES[name]()
            except BaseException as error:
                span.record_exception(error)
        attributes = exporter.get_finished_spans()[-1].events[-1].attributes
        values = {key.rpartition(".")[2]: value for key, value in attributes.items()}
        print(
            json.dumps(
                {"case": name, **{key: values[key] for key in ("type", "message", "stacktrace")}}
            )
        )


if __name__ == "__main__":
    main(sys.argv[2:] or list(CASES))
