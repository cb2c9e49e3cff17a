"""Paths of the shop, for Django."""

from django.urls import path

from shop import orders


def show(request, number):
    return orders.place(number)


def show_price(request, number):
    return orders.cheapest([{}, {}])


urlpatterns = [path("orders/<int:number>", show), path("orders/<int:number>/price", show_price)]
