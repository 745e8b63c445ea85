"""Mutations: of bytes, and of trees of named values, which know of shapes and types."""

import re
from random import Random
from typing import Any

import numpy as np

INTEGERS = (
    0, 1, -1, 2, 3, 5, 7, 127, 128, 255, 256, 1024, 4095, 4096, 65535, 65536, 2**24,
    2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53 + 1, 2**62, 2**63 - 1, 2**63, 2**64 - 1,
    -2, -128, -129, -(2**31), -(2**63),
)  # fmt: skip
FLOATS = (
    float("nan"), float("inf"), float("-inf"), 0.5, -0.0, 1e-320, 1e30, 1e308, -1e308,
    2.0**31, 2.0**63, 1.0000001, 0.1,
)  # fmt: skip
TEXTS = (
    "", "0", "-1", "a", "nan", "\0", "\n", "é", "☃", "../../x", "/", "x" * 5000, "{}",
    "[]", "null", "1e999", "[" * 2000, "9" * 400, "9" * 5000, "true", "None", "\ud800",
)  # fmt: skip
DTYPES = (
    "i1", "u1", "<i2", ">i2", "<i4", ">i4", "<i8", ">i8", "<u8", "<u4", "<f2", "<f4",
    "<f8", ">f8", "<c16", "?", "S3", "U2", "S1",
)  # fmt: skip
Tree = Any  # dicts and lists of arrays, numbers, texts and bytes


def mutated_bytes(rng: Random, data: bytes, others: list[bytes]) -> bytes:
    """Bytes with one to four mistakes; others: files to splice from."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        found = rng.choice(_OF_BYTES)(rng, found, others)
    return bytes(found)


def _at(rng: Random, data: bytearray) -> int:
    return rng.randrange(len(data) + 1)


def _flip(rng: Random, data: bytearray, others: list[bytes]) -> bytearray:
    for _ in range(rng.choice((1, 1, 2, 8))):
        if data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return data


def _truncate(rng: Random, data: bytearray, others: list[bytes]) -> bytearray:
    return data[: _at(rng, data)]


def _cut(rng: Random, data: bytearray, others: list[bytes]) -> bytearray:
    begin = _at(rng, data)
    return data[:begin] + data[begin + rng.choice((1, 2, 4, 8, 64)) :]


def _duplicate(rng: Random, data: bytearray, others: list[bytes]) -> bytearray:
    begin = _at(rng, data)
    block = data[begin : begin + rng.choice((1, 4, 16, 256, 4096))]
    return data[:begin] + block * rng.choice((1, 1, 2, 50)) + data[begin:]


def _insert(rng: Random, data: bytearray, others: list[bytes]) -> bytearray:
    begin = _at(rng, data)
    return data[:begin] + rng.randbytes(rng.choice((1, 2, 4, 16))) + data[begin:]


def _splice(rng: Random, data: bytearray, others: list[bytes]) -> bytearray:
    other = rng.choice(others) if others else bytes(data)
    begin = rng.randrange(len(other) + 1)
    piece = other[begin : begin + rng.choice((4, 16, 64, 1024))]
    at = _at(rng, data)
    return data[:at] + piece + data[at + rng.choice((0, len(piece))) :]


def _integer(rng: Random, data: bytearray, others: list[bytes]) -> bytearray:
    """An interesting integer over some bytes."""
    size = rng.choice((1, 2, 4, 8))
    value = rng.choice(INTEGERS) & (2 ** (8 * size) - 1)
    at = _at(rng, data)
    data[at : at + size] = value.to_bytes(size, rng.choice(("little", "big")))
    return data


def _number_in_text(rng: Random, data: bytearray, others: list[bytes]) -> bytearray:
    """A number that stands as text, replaced by another."""
    numbers = list(re.finditer(rb"-?\d+(\.\d+)?", data[:20_000]))
    if not numbers:
        return _flip(rng, data, others)
    match = rng.choice(numbers)
    value = str(rng.choice((*INTEGERS, *FLOATS))).encode()
    return data[: match.start()] + value + data[match.end() :]


_OF_BYTES = (
    _flip, _flip, _truncate, _cut, _duplicate, _insert, _splice, _integer, _integer,
    _number_in_text,
)  # fmt: skip

# --- trees ------------------------------------------------------------------------


def mutated_tree(rng: Random, tree: Tree) -> Tree:
    """A copy of a tree with one to three mistakes."""
    tree = copied(tree)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        places = list(_places(tree))
        if not places:
            return tree
        holder, key = rng.choice(places)
        rng.choice(_OF_PLACES)(rng, holder, key)
    return tree


def copied(tree: Tree) -> Tree:
    """A copy that shares nothing but arrays, which are never changed in place."""
    if isinstance(tree, dict):
        return {name: copied(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return [copied(value) for value in tree]
    return tree


def _places(tree: Tree) -> Any:
    """Every holder and key, so that a value can be changed where it stands."""
    keys = tree if isinstance(tree, dict) else range(min(len(tree), 100))
    for key in keys:
        yield tree, key
        if isinstance(tree[key], (dict, list)):
            yield from _places(tree[key])


def _change(rng: Random, holder: Tree, key: Any) -> None:
    holder[key] = changed(rng, holder[key])


def _drop(rng: Random, holder: Tree, key: Any) -> None:
    del holder[key]


def _rename(rng: Random, holder: Tree, key: Any) -> None:
    if isinstance(holder, list):
        return holder.reverse()
    name = rng.choice((*TEXTS[:8], key + "x", key[:-1], key.upper(), "1", "2", "99"))
    holder[name] = holder.pop(key)
    return None


def _add(rng: Random, holder: Tree, key: Any) -> None:
    if isinstance(holder, list):
        holder += [copied(holder[key])] * rng.choice((1, 1, 3))
    else:
        name = rng.choice((str(len(holder)), f"{key}2", "x", "a/b", "x" * 300))
        value = copied(holder[key]) if rng.random() < 0.5 else _any_value(rng)
        holder[name] = value


def _swap(rng: Random, holder: Tree, key: Any) -> None:
    """Two values change places."""
    keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    other = rng.choice(keys)
    holder[key], holder[other] = holder[other], holder[key]


_OF_PLACES = (_change, _change, _change, _change, _change, _drop, _rename, _add, _swap)


def changed(rng: Random, value: Any) -> Any:
    """A value of the same kind that is wrong, or now and then one of another."""
    if rng.random() < 0.15:
        return _any_value(rng)
    if isinstance(value, np.ndarray):
        return rng.choice(_OF_ARRAYS)(rng, value)
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, np.integer)):
        near = (value + 1, value - 1, -value, value * 2, float(value), str(value))
        return rng.choice((*near, *INTEGERS))
    if isinstance(value, float):
        return rng.choice((value * 2, -value, value + 1e-9, value * 1e6, *FLOATS))
    if isinstance(value, str):
        texts = (value[:-1], value + "x", value * 2, value.upper(), value + "\0")
        return rng.choice((*texts, *TEXTS))
    if isinstance(value, bytes):
        return mutated_bytes(rng, value, [])
    if isinstance(value, list) and rng.random() < 0.5:
        return rng.choice((value[:-1], value * 2, value[::-1], []))
    return _any_value(rng)


def _any_value(rng: Random) -> Any:
    kind = rng.randrange(6)
    if kind < 3:
        return rng.choice((INTEGERS, FLOATS, TEXTS)[kind])
    if kind == 3:
        return rng.choice((True, False, {}, [], {"x": 1}, [1, 2], b"", b"x"))
    shape = tuple(rng.choice((0, 1, 2, 3)) for _ in range(rng.randrange(4)))
    return np.full(shape, rng.choice((0, 1, -1)), rng.choice(DTYPES))


# --- arrays -----------------------------------------------------------------------


def _dtype(rng: Random, array: np.ndarray) -> np.ndarray:
    kind = np.dtype(rng.choice(DTYPES))
    with np.errstate(all="ignore"):
        try:
            return array.astype(kind)
        except ValueError:  # texts that are no numbers
            return np.ones(array.shape, kind)


def _shape(rng: Random, array: np.ndarray) -> np.ndarray:
    """The same values in another shape, or more or fewer of them."""
    if array.ndim == 0:
        return rng.choice((array[None], np.full(2, array), np.full((2, 2), array)))
    row = array[:1]
    return rng.choice(
        (
            array.T, array.ravel(), array[None], array[..., None], array[:-1],
            array[:0], array[1:], row, np.concatenate([array, row]), array[::-1],
            array[..., :-1], array[..., :0], array.repeat(2, axis=-1),
            array.ravel()[:1], np.tile(array, 3),
        )
    )  # fmt: skip


def _scalar(rng: Random, array: np.ndarray) -> Any:
    return array.ravel()[0] if array.size else np.zeros((), array.dtype)


def _values(rng: Random, array: np.ndarray) -> np.ndarray:
    """One value, some or all of them are others, of the type or beyond it."""
    if array.dtype.kind in "SU":
        value: Any = rng.choice(TEXTS[:12])
        kind: Any = np.dtype("U60") if array.dtype.kind == "U" else np.dtype("S60")
        value = value if kind.kind == "U" else value.encode("utf-8", "replace")
    elif array.dtype.kind in "iub" and rng.random() < 0.8:
        value, kind = rng.choice(INTEGERS), array.dtype
        if kind.kind in "iu" and rng.random() < 0.5:
            kind = np.dtype("u8") if value >= 2**63 else np.dtype("i8")
        value = _wrapped(value, kind)
    else:
        value, kind = rng.choice(FLOATS), array.dtype
        kind = kind if kind.kind in "fc" else np.dtype("f8")
    with np.errstate(all="ignore"):
        found = array.astype(kind)
        flat = found.reshape(-1)
        how = rng.randrange(3)
        if how == 0 and flat.size:
            flat[rng.randrange(flat.size)] = value
        elif how == 1:
            flat[rng.randrange(flat.size + 1) :] = value
        else:
            flat[:] = value
    return flat.reshape(array.shape)


def _wrapped(value: int, kind: np.dtype) -> Any:
    """An integer in the range of a type, as its last bits."""
    size = 8 * kind.itemsize
    bits = value & (2**size - 1)
    if kind.kind == "b":
        return bool(bits)
    return bits - 2**size if kind.kind == "i" and bits >> (size - 1) else bits


def _bits(rng: Random, array: np.ndarray) -> np.ndarray:
    """A bit of the memory is flipped, or the memory is read as another type."""
    data = bytearray(array.tobytes())
    if not data or array.dtype.kind in "SU":
        return array[None]
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    if array.dtype.kind == "b":
        return array[::-1]
    return np.frombuffer(bytes(data), array.dtype).reshape(array.shape)


def _large(rng: Random, array: np.ndarray) -> np.ndarray:
    """Zeros that a file holds in few bytes."""
    return np.zeros(rng.choice((10**5, (1000, 500), (3, 200, 200))), array.dtype)


_OF_ARRAYS = (_dtype, _dtype, _shape, _shape, _shape, _scalar, _values, _values,
              _values, _bits, _large)  # fmt: skip
