"""Chosen attributes as columns: by row, the value of the most wanted name that the row has."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from receiver.flatten.columns import CodedColumn

Ints = npt.NDArray[np.integer]


def attribute_columns(
    names: Mapping[str, Sequence[str]],
    keys: CodedColumn,
    texts: pa.StringArray,
    occurrences: Ints,
    parents: Ints,
    rows: int,
) -> dict[str, CodedColumn]:
    """A column of `rows` rows for each entry of `names`, which lists attribute names, best first.

    `keys` and `texts` are those of the distinct attributes; occurrence i is the distinct attribute
    `occurrences[i]` in row `parents[i]`. Of duplicate keys in a row the first counts.
    """
    nothing = CodedColumn(np.full(rows, -1, dtype=np.int32), [])
    columns = dict.fromkeys(names, nothing)
    for layer in _layers(names, keys.values):
        columns |= _disjoint(layer, keys, texts, occurrences, parents, rows)
    return columns


def _layers(
    names: Mapping[str, Sequence[str]], present: Sequence[str | None]
) -> list[dict[str, Sequence[str]]]:
    """The entries of which something is present, in layers in which no key is wanted twice."""
    known = set(present)
    layers: list[dict[str, Sequence[str]]] = []
    for column, wanted in names.items():
        if known.isdisjoint(wanted):
            continue
        free = (layer for layer in layers if not any(map(set(wanted).intersection, layer.values())))
        layer = next(free, None)
        if layer is None:
            layers.append(layer := {})
        layer[column] = wanted
    return layers


def _disjoint(
    names: Mapping[str, Sequence[str]],
    keys: CodedColumn,
    texts: pa.StringArray,
    occurrences: Ints,
    parents: Ints,
    rows: int,
) -> dict[str, CodedColumn]:
    """The columns of entries that share no key.

    Every wanted key has a slot: those of a column stand together, the least wanted first. Sorting
    the occurrences by slot, the first of duplicates last, leaves for the end what is to stay.
    """
    slots = {key: slot for slot, key in enumerate(k for ks in names.values() for k in ks[::-1])}
    slot_by_distinct = keys.lookup(lambda key: slots.get(key, -1), -1).astype(np.int16)
    distinct = np.argsort(slot_by_distinct, kind="stable")
    place = np.empty(len(distinct), dtype=np.int32)
    place[distinct] = np.arange(len(distinct), dtype=np.int32)
    slot_by_occurrence = slot_by_distinct.take(occurrences)
    hits = np.flatnonzero(slot_by_occurrence >= 0)[::-1]
    hits = hits.take(np.argsort(slot_by_occurrence.take(hits), kind="stable"))
    row_by_hit, place_by_hit = parents.take(hits), place.take(occurrences.take(hits))
    ends = np.cumsum([len(wanted) for wanted in names.values()])
    bounds = np.concatenate([[0], ends])
    distinct_bounds = np.searchsorted(slot_by_distinct.take(distinct), bounds)
    hit_bounds = np.searchsorted(slot_by_occurrence.take(hits), bounds)
    columns = {}
    for number, column in enumerate(names):
        own = slice(*hit_bounds[number : number + 2])
        begin, end = distinct_bounds[number : number + 2]
        codes = np.full(rows, -1, dtype=np.int32)
        codes[row_by_hit[own]] = place_by_hit[own] - np.int32(begin)
        values = texts.take(pa.array(distinct[begin:end])).to_pylist()
        columns[column] = CodedColumn(codes, [value or None for value in values])
    return columns
