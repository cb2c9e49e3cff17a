"""Requests, by Flask, Django, FastAPI, Celery and Jinja, through the frameworks' own tests."""

from shop import config, orders


def by_flask(path):
    import flask

    app = flask.Flask("shop")
    app.testing = True
    app.add_url_rule("/orders/<int:number>", "place", orders.place)
    app.add_url_rule("/orders/<int:number>/pay", "pay", orders.pay)
    app.add_url_rule("/region", "region", lambda: config.region({}))
    return app.test_client().get(path)


def by_fastapi(path):
    import fastapi
    import fastapi.testclient

    app = fastapi.FastAPI()

    @app.get("/orders/{number}")
    async def show_order(number: int):
        return orders.place(number)

    @app.get("/baskets/{number}")
    def show_basket(number: int):
        return orders.refuse(number)

    return fastapi.testclient.TestClient(app).get(path)


def by_django(path):
    import django
    import django.urls
    from django.conf import settings
    from django.test import Client

    if not settings.configured:
        settings.configure(
            ROOT_URLCONF="shop.web.urls", SECRET_KEY="no secret", ALLOWED_HOSTS=["*"]
        )
        django.setup()
    return Client().get(path)


def by_celery(number):
    import celery

    app = celery.Celery("shop")

    @app.task
    def send_invoice(number):
        return orders.refuse(number)

    return send_invoice.apply((number,), throw=True)


def by_jinja(name):
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(__file__.rpartition("/")[0] + "/templates"),
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template(name).render(order={})
