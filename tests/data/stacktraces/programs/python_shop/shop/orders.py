"""Orders: prices, validation, recursion, decorators."""

import functools
import traceback
import uuid


class OrderError(Exception):
    """An order could not be placed."""


class PaymentError(OrderError):
    """An order could not be paid."""


def retried(function):
    @functools.wraps(function)
    def wrapper(*arguments, **named):
        for _ in range(2):
            try:
                return function(*arguments, **named)
            except OSError:
                pass
        return function(*arguments, **named)

    return wrapper


@retried
def place(number):
    raise OrderError(f"order {number} of {uuid.uuid4()} could not be placed")


@retried
def cancel(number):
    raise OrderError(f"order {number} of {uuid.uuid4()} could not be placed")


def pay(number):
    raise PaymentError(f"order {number} could not be placed")


def refuse(number):
    raise OrderError(f"order {number} was refused by the bank")


def total(prices):
    return sum([int(price) for price in prices])


def total_lazily(prices):
    return sum(int(price) for price in prices)


def cheapest(prices):
    return min(prices, key=lambda price: price["amount"])


def dearest(prices):
    return max(prices, key=lambda price: price["amount"])


def descend(depth):
    if depth == 0:
        raise OrderError("too deep")
    return descend(depth - 1)


def bounce(depth):
    return bounce_back(depth - 1) if depth else 1 // depth


def bounce_back(depth):
    return bounce(depth - 1) if depth else 1 // depth


def annotate(number):
    try:
        refuse(7)
    except OrderError as error:
        if hasattr(error, "add_note"):
            error.add_note(f"Order: {number}")
            error.add_note("Hint: ask the bank\nValueError: this is no type")
        raise RuntimeError("checkout failed") from error


def many_lines(number):
    raise ValueError(f"order {number} is wrong:\nAddress: unknown\n  File: none\nKeyError: no type")


def many_lines_of_items(number):
    raise ValueError(f"order {number} is wrong:\nItems: none\n  File: none\nKeyError: no type")


def local_class(number):
    class LocalError(Exception):
        pass

    raise LocalError(f"order {number}")


def with_traceback_inside(number):
    try:
        refuse(number)
    except OrderError:
        raise RuntimeError("worker failed:\n" + traceback.format_exc()) from None


class Basket:
    """A basket whose property fails."""

    @property
    def weight(self):
        return self.grams / 1000

    @classmethod
    def weigh(cls):
        return cls().weight

    def __getattr__(self, name):
        raise AttributeError(f"{self!r} has no {name}")


def deep_cause(number):
    try:
        try:
            total(["1", "one"])
        except ValueError as error:
            raise OrderError(f"order {number} has no price") from error
    except OrderError as error:
        raise RuntimeError("checkout failed") from error


def cause_without_traceback(number):
    raise OrderError(f"order {number} could not be placed") from TimeoutError("bank is slow")


def other_cause_without_traceback(number):
    raise OrderError(f"order {number} could not be placed") from ConnectionError("bank is closed")
