"""Code that is found at run time: modules with wrong syntax, text, JSON."""

import ast
import importlib
import json


def load(name):
    return importlib.import_module("shop.plugins." + name)


def evaluate(number):
    scope = {}
    exec("def rule(number):\n    return number / 0\n", scope)
    return scope["rule"](number)


def parse_rule(text):
    return ast.parse(text)


def parse_order(text):
    return json.loads(text)


def parse_basket(text):
    return json.loads(text)
