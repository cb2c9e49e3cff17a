"""The sandbox: which SQL of other people is run at all, decided on its syntax tree.

SELECT alone is not safe in DuckDB: a CTE can delete, a table function can write a log file, a
quoted table name can be a path. So the tree that `json_serialize_sql` gives is walked and only
what is known is let through: node types, tables that are published, functions without side effects.
Behind it stand a read-only transaction, a row limit, a timeout and the instance's memory limit.

Not covered: the timeout is noticed between vectors of 2,048 rows, and one scalar value can be
larger than the memory limit (`repeat('x', 1000000000)`, a list of 10^8 elements). A stranger who
may send SQL needs a process of its own around this, with limits set by the operating system.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from analysis.query_error import QueryFailed, QueryRefused
from analysis.saved_query import without_tail
from analysis.suggestion import did_you_mean

NODE_TYPES = frozenset(
    {
        # statements
        *("SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE"),
        # what stands after FROM
        *("BASE_TABLE", "JOIN", "SUBQUERY", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY"),
        *("PIVOT", "SHOW_REF"),
        # modifiers and the order of a sort
        *("DISTINCT_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "ORDER_MODIFIER"),
        *("ORDER_DEFAULT", "ASCENDING", "DESCENDING"),
    }
)
EXPRESSION_CLASSES = frozenset(
    {
        *("BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION"),
        *("CONSTANT", "DEFAULT", "FUNCTION", "LAMBDA", "OPERATOR", "PARAMETER"),
        *("POSITIONAL_REFERENCE", "STAR", "SUBQUERY", "TYPE", "WINDOW"),
    }
)
TABLE_FUNCTIONS = frozenset({"unnest", "range", "generate_series", "json_each", "json_tree"})
LISTINGS = frozenset({'"tables"', "__show_tables_expanded"})
# Volatile, or unknown to the list of scalar functions, and still harmless.
HARMLESS_FUNCTIONS = frozenset({"random", "uuid", "gen_random_uuid", "uuidv4", "uuidv7", "unnest"})
REFUSED_FUNCTIONS = frozenset(
    {
        *("getenv", "getvariable", "current_setting", "current_query"),  # tell of the process
        *("json_serialize_plan", "json_deserialize_sql"),  # bind SQL this walk has not seen
        *("combine", "finalize", "to_aggregate_state"),  # trust bytes to be a valid state
        *("variant_bytes_to_variant", "parse_duckdb_log_message"),
        *("sleep_ms", "pg_sleep", "write_log"),
    }
)
_ALLOWED_FUNCTIONS_SQL = """
SELECT DISTINCT lower(function_name) FROM duckdb_functions()
WHERE (NOT internal AND function_type IN ('macro', 'table_macro') AND database_name = 'memory')
   OR (internal AND (
          function_type IN ('aggregate', 'window')
          OR (function_type = 'macro' AND NOT regexp_matches(function_name, '^(pg|has|inet)_'))
          OR (function_type = 'scalar' AND stability IN ('CONSISTENT', 'CONSISTENT_WITHIN_QUERY')
              AND NOT starts_with(function_name, '__internal'))))
"""
_TABLE_MACROS_SQL = """
SELECT DISTINCT lower(function_name) FROM duckdb_functions()
WHERE function_type = 'table_macro' AND NOT internal AND database_name = 'memory'
"""
_VIEWS_SQL = "SELECT lower(view_name) FROM duckdb_views() WHERE database_name = 'memory'"
_TABLES_SQL = """
SELECT lower(table_name) FROM duckdb_tables()
WHERE database_name = 'store' AND schema_name = 'main'
"""

# The tree is DuckDB's own JSON, whose shape differs from node to node.
Node = Any


@dataclass(frozen=True, slots=True)
class Published:
    """What SQL in the sandbox may name. All names are lower case."""

    views: frozenset[str]
    tables: frozenset[str]
    functions: frozenset[str]
    table_functions: frozenset[str]


def published(cursor: duckdb.DuckDBPyConnection) -> Published:
    """What a prepared reading room offers: its views and macros, the store's tables."""

    def names(sql: str) -> frozenset[str]:
        return frozenset(name for (name,) in cursor.sql(sql).fetchall())

    return Published(
        views=names(_VIEWS_SQL + " AND NOT internal"),
        tables=names(_TABLES_SQL),
        functions=(names(_ALLOWED_FUNCTIONS_SQL) | HARMLESS_FUNCTIONS) - REFUSED_FUNCTIONS,
        table_functions=names(_TABLE_MACROS_SQL) | TABLE_FUNCTIONS,
    )


def check_statement(cursor: duckdb.DuckDBPyConnection, text: str, offered: Published) -> str:
    """The one statement of the text, when it is made only of what is allowed; else QueryRefused.

    A text that DuckDB cannot parse raises QueryFailed with DuckDB's own message.
    """
    try:
        statements = cursor.extract_statements(text)
    except duckdb.Error as error:
        raise QueryFailed(str(error)) from None
    except ValueError:  # a kind of statement that DuckDB's Python package has no name for
        raise QueryRefused("only a SELECT is run here.") from None
    if not statements:
        raise QueryRefused("there is no SQL to run.")
    if len(statements) > 1:
        raise QueryRefused(f"one SELECT at a time; this is {len(statements)} statements.")
    sql = without_tail(statements[0].query)
    try:
        _walk(_tree(cursor, sql), offered, frozenset())
    except RecursionError:
        raise QueryRefused("the statement is nested too deeply.") from None
    except (LookupError, TypeError, ValueError) as error:
        raise QueryRefused(f"the statement cannot be checked: {error!r}") from error
    return sql


def _tree(cursor: duckdb.DuckDBPyConnection, sql: str) -> Node:
    answer = cursor.sql("SELECT json_serialize_sql($sql::VARCHAR)", params={"sql": sql})
    tree = json.loads(answer.fetchall()[0][0])
    if tree["error"] or len(tree["statements"]) != 1:
        raise QueryRefused(
            "only a SELECT is run here (also WITH, FROM, VALUES, DESCRIBE, SUMMARIZE, SHOW TABLES)."
        )
    return tree["statements"][0]


def _walk(node: Node, offered: Published, ctes: frozenset[str]) -> None:
    """Check a node and all below it; `ctes` are the WITH names that it can see."""
    if isinstance(node, list):
        for child in node:
            _walk(child, offered, ctes)
    if not isinstance(node, dict):
        return
    _check_type(node)
    ctes = _with_names(node, offered, ctes)
    if node.get("type") in _CHECKS:
        _CHECKS[node["type"]](node, offered, ctes)
    if node.get("class") in ("FUNCTION", "WINDOW"):
        _check_function(node, offered)
    for key, child in node.items():
        if key == "cte_map":
            continue
        if key == "function" and node.get("type") == "TABLE_FUNCTION":
            _walk(child["arguments"], offered, ctes)
        else:
            _walk(child, offered, ctes)


def _check_type(node: Mapping[str, Node]) -> None:
    expression, kind = node.get("class"), node.get("type")
    if expression is not None:
        if expression not in EXPRESSION_CLASSES:
            raise QueryRefused(f"{_words(expression)} is not allowed here.")
    elif isinstance(kind, str) and kind not in NODE_TYPES:
        raise QueryRefused(f"{_words(kind)} is not allowed here; only reading is.")


def _with_names(
    node: Mapping[str, Node], offered: Published, ctes: frozenset[str]
) -> frozenset[str]:
    """Check the node's WITH queries; each sees those before it, itself only when recursive."""
    for entry in (node.get("cte_map") or {}).get("map", []):
        name, body = entry["key"].lower(), entry["value"]
        recursive = body["query_node"]["type"] == "RECURSIVE_CTE_NODE"
        _walk(body, offered, ctes | {name} if recursive else ctes)
        ctes = ctes | {name}
    return ctes


def _check_table(node: Mapping[str, Node], offered: Published, ctes: frozenset[str]) -> None:
    path = [part.lower() for part in node["qualified_name"]["path"]]
    if len(path) == 1 and (path[0] in ctes or path[0] in offered.views):
        return
    if path[:-1] in (["main"], ["memory", "main"]) and path[-1] in offered.views:
        return
    if path[:-1] in (["store"], ["store", "main"]) and path[-1] in offered.tables:
        return
    known = [*sorted(offered.views | ctes), *(f"store.{table}" for table in sorted(offered.tables))]
    raise QueryRefused(
        f"there is no table {'.'.join(path)!r} to read.{did_you_mean('.'.join(path), known)}"
        f" There are: {', '.join(known)}."
    )


def _check_listing(node: Mapping[str, Node], offered: Published, ctes: frozenset[str]) -> None:
    """DESCRIBE and SUMMARIZE hold a query, which is walked; SHOW names a table or a listing."""
    if node.get("query") is not None or node.get("table_name") in LISTINGS:
        return
    if node.get("show_type") == "SHOW_SPECIAL":
        raise QueryRefused("only SHOW TABLES and SHOW ALL TABLES are allowed here.")
    _check_table(node, offered, ctes)


def _check_table_function(
    node: Mapping[str, Node], offered: Published, _ctes: frozenset[str]
) -> None:
    name = ".".join(node["function"]["qualified_name"]["path"]).lower()
    if name not in offered.table_functions:
        allowed = ", ".join(sorted(offered.table_functions))
        raise QueryRefused(f"table function {name}() is not allowed here. Allowed: {allowed}.")


def _check_function(node: Mapping[str, Node], offered: Published) -> None:
    path = [part.lower() for part in node["qualified_name"]["path"]]
    if path and path[-1] not in offered.functions:
        hint = did_you_mean(path[-1], offered.functions)
        raise QueryRefused(f"function {'.'.join(path)}() is unknown or not allowed here.{hint}")


def _words(name: str) -> str:
    return name.removesuffix("_QUERY_NODE").removesuffix("_NODE").replace("_", " ")


_CHECKS = {
    "BASE_TABLE": _check_table,
    "SHOW_REF": _check_listing,
    "TABLE_FUNCTION": _check_table_function,
}
