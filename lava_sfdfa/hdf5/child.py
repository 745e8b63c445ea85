"""The process that reads HDF5: bytes in, numbers and texts out, or a sentence.

Run by its path, with the folders of h5py and numpy as arguments. It reads requests from
standard input until that ends: two integers of 64 bits (bytes of the file, and the most
that its content may take), and the file. An answer is two integers (bytes of the index
and of the values), the index in JSON, and the values one after the other.
"""

import contextlib
import json
import math
import os
import signal
import struct
import sys
from pathlib import Path
from typing import Any, BinaryIO

signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
sys.path += sys.argv[1:]

import h5py  # noqa: E402
import numpy as np  # noqa: E402

try:
    import resource
except ImportError:  # Windows has no limits of this kind
    resource = None  # type: ignore[assignment]

HEAD = struct.Struct(">QQ")
ALIGNED = 64  # where an array may begin among the values
LEVELS, ENTRIES = 64, 100_000
ROWS = 64  # of numbers, read at a time
# The most that a byte of deflate becomes; the other filters do less.
DEFLATE_MOST = 1032
FILTERS = {1: "gzip", 2: "shuffle", 3: "fletcher32", 4: "szip", 32000: "lzf"}
SPARE = 64 * 2**20  # bytes that the library needs beside the content
SENTENCE_MOST = 400  # letters


def main() -> None:
    """Answer one request after the other."""
    requests, answers = sys.stdin.buffer, _own_output()
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    send(answers, {"ready": True}, [])
    while len(head := requests.read(HEAD.size)) == HEAD.size:
        size, most = HEAD.unpack(head)
        limit_memory(size, most)
        send(answers, *answer(requests.read(size), most))


def _own_output() -> BinaryIO:
    """Standard output for answers alone: what a library prints goes nowhere."""
    answers = os.fdopen(os.dup(1), "wb")
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    return answers


def limit_memory(size: int, most: int) -> None:
    """Bound what the process may take, so that a small file takes little.

    size: bytes of the file, which the library copies; most: that its content may take.
    """
    if resource is None or not Path("/proc/self/statm").exists():
        return
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    content = min(most, DEFLATE_MOST * size)
    wanted = pages * resource.getpagesize() + SPARE + 3 * size + 2 * content
    with contextlib.suppress(ValueError, OSError):  # a lower limit is in force
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))


def answer(content: bytes, most: int) -> tuple[dict[str, Any], list[Any]]:
    """The index of a file, and the buffers of its values; or what is wrong."""
    try:
        if not content:
            raise ValueError("it is empty")
        walk = Walk(len(content), most)
        with opened(content) as file:
            return walk.group(file["/"], "", 0), walk.buffers
    except Exception as error:  # a damaged file raises anything
        sentence = " ".join(str(error).split()) or type(error).__name__
        return {"error": sentence[:SENTENCE_MOST]}, []


def opened(content: bytes) -> Any:
    """A file in memory, as h5py has it."""
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_fapl_core(backing_store=False)
    access.set_file_image(content)
    return h5py.File(h5py.h5f.open(b"file", h5py.h5f.ACC_RDONLY, access))


def send(answers: BinaryIO, index: dict[str, Any], buffers: list[Any]) -> None:
    """Write an answer; buffers: as `Walk.buffers`."""
    text = json.dumps(index).encode()
    answers.write(HEAD.pack(len(text), sum(map(len, buffers))))
    answers.write(text)
    for buffer in buffers:
        answers.write(buffer)
    answers.flush()


def is_text(dtype: Any) -> bool:
    """Whether a type is that of texts, each of a length of its own."""
    kind = h5py.check_string_dtype(dtype)
    return kind is not None and kind.length is None


class Walk:
    """One pass over a file, which adds up what it finds and refuses what is too much.

    size: bytes of the file; most: that its content may take. Errors: ValueError, with a
    sentence, for what is not read; whatever the library raises.
    """

    def __init__(self, size: int, most: int):
        self.stored_left = size
        self.left = self.most = most
        self.n_entries = 0
        self.seen: set[int] = set()  # addresses of groups and data sets
        self.buffers: list[Any] = []  # of the values, one after the other
        self.at = 0  # bytes in them

    # --- groups -----------------------------------------------------------------------

    def group(self, group: Any, path: str, level: int) -> dict[str, Any]:
        """A group and all below it."""
        if level > LEVELS:
            raise ValueError(f"it has groups in more than {LEVELS} levels")
        self._see(group, path)
        self._count(group.id.get_num_objs())
        entries = {
            name: self._entry(group, name, f"{path}/{name}" if path else name, level)
            for name in group
        }
        attributes = self._attributes(group, path)
        return {"kind": "group", "entries": entries, "attributes": attributes}

    def _entry(self, group: Any, name: str, path: str, level: int) -> dict[str, Any]:
        _check_name(name)
        link = group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            kind = "an outer" if isinstance(link, h5py.ExternalLink) else "a soft"
            raise ValueError(f"{path!r} is {kind} link, which is not followed")
        entry = group[name]
        if isinstance(entry, h5py.Group):
            return self.group(entry, path, level + 1)
        if not isinstance(entry, h5py.Dataset):
            raise ValueError(f"{path!r} is a type without data, which is not read")
        self._see(entry, path)
        return self._dataset(entry, path)

    def _see(self, entry: Any, path: str) -> None:
        """Refuse what was reached before: a cycle, or paths that double in number."""
        address = h5py.h5o.get_info(entry.id).addr
        if address in self.seen:
            raise ValueError(f"{path!r} has several names (hard links)")
        self.seen.add(address)

    def _count(self, number: int) -> None:
        self.n_entries += number
        if self.n_entries > ENTRIES:
            raise ValueError(f"it has more than {ENTRIES:,} entries")

    def _attributes(self, entry: Any, path: str) -> dict[str, Any]:
        self._count(h5py.h5a.get_num_attrs(entry.id))
        return {name: self._attribute(entry, name, path) for name in entry.attrs}

    def _attribute(self, entry: Any, name: str, path: str) -> dict[str, Any]:
        _check_name(name)
        attribute, where = entry.attrs.get_id(name), f"{path}@{name}"
        _check_type(attribute.dtype, attribute.get_type(), where)
        if attribute.get_space().get_simple_extent_type() == h5py.h5s.NULL:
            return self._array(np.zeros(0))
        self._take(math.prod(attribute.shape) * attribute.get_type().get_size(), where)
        value = entry.attrs[name]
        if is_text(attribute.dtype):
            return self._texts(value, where, is_bytes=False)
        return self._array(np.asarray(value, attribute.dtype))

    # --- data sets --------------------------------------------------------------------

    def _dataset(self, dataset: Any, path: str) -> dict[str, Any]:
        _check_type(dataset.dtype, dataset.id.get_type(), path)
        _check_layout(dataset, path)
        if dataset.shape is None:
            return self._array(np.zeros(0))
        self._check_size(dataset, path)
        if is_text(dataset.dtype):
            return self._texts(dataset[()], path, is_bytes=True)
        if h5py.check_vlen_dtype(dataset.dtype) is not None:
            return self._rows(dataset, path)
        return self._array(np.asarray(dataset[()], dataset.dtype))

    def _check_size(self, dataset: Any, path: str) -> None:
        """Refuse a data set that declares more than what is stored of it can hold."""
        declared = math.prod(dataset.shape) * dataset.id.get_type().get_size()
        stored = dataset.id.get_storage_size()
        is_packed = dataset.id.get_create_plist().get_nfilters() > 0
        if declared > stored * (DEFLATE_MOST if is_packed else 1):
            raise ValueError(
                f"{path!r} declares {declared:,} bytes, and the {stored:,} that are "
                "stored of it cannot hold them"
            )
        self.stored_left -= stored
        if self.stored_left < 0:
            raise ValueError(f"{path!r} is stored where other data are")
        self._take(declared, path)

    def _take(self, n_bytes: int, path: str) -> None:
        self.left -= n_bytes
        if self.left < 0:
            raise ValueError(
                f"with {path!r} its content takes more than {self.most // 2**20:,} MB; "
                "a higher limit is set by LAVA_SFDFA_READ_LIMIT_MB"
            )

    def _rows(self, dataset: Any, path: str) -> dict[str, Any]:
        """Rows of numbers, each of a length of its own."""
        if dataset.ndim != 1:
            raise ValueError(f"{path!r} has rows in {dataset.ndim} dimensions, not one")
        kind = np.dtype(h5py.check_vlen_dtype(dataset.dtype))
        rows: list[Any] = []
        for begin in range(0, len(dataset), ROWS):
            some = dataset[begin : begin + ROWS]
            self._take(sum(row.nbytes for row in some), path)
            rows.extend(some)
        values = np.concatenate([np.zeros(0, kind), *rows])
        lengths = np.array([len(row) for row in rows], np.int64)
        return {
            **self._array(values),
            "kind": "rows",
            "lengths": self._put(lengths),
            "n": len(rows),
        }

    # --- values -----------------------------------------------------------------------

    def _texts(self, value: Any, path: str, is_bytes: bool) -> dict[str, Any]:
        """Texts of one shape; is_bytes: what h5py gives, and the parent shall."""
        texts = np.asarray(value, object)
        packed = [t.encode() if isinstance(t, str) else t for t in texts.flat]
        self._take(sum(map(len, packed)), path)
        lengths = np.array([len(text) for text in packed], np.int64)
        return {
            "kind": "text",
            "shape": texts.shape,
            "bytes": is_bytes,
            "lengths": self._put(lengths),
            "at": self._put(np.frombuffer(b"".join(packed), np.uint8)),
        }

    def _array(self, array: Any) -> dict[str, Any]:
        return {
            "kind": "array",
            "dtype": array.dtype.str,
            "shape": array.shape,
            "at": self._put(array),
        }

    def _put(self, array: Any) -> int:
        """Add an array to the values; returns where it begins."""
        begin, data = self.at, np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        padding = -len(data) % ALIGNED
        self.buffers += [data, bytes(padding)]
        self.at += len(data) + padding
        return begin


def _check_name(name: str | bytes) -> None:
    if isinstance(name, bytes):  # what h5py cannot decode
        raise ValueError(f"the name {name!r} is not valid UTF-8")


def _check_type(dtype: Any, stored: Any, path: str) -> None:
    """Refuse what is neither a number, a text, nor a row of numbers."""
    row = h5py.check_vlen_dtype(dtype)
    number = dtype if row is None else np.dtype(row)
    is_number = number.kind in "biuf" and number.itemsize <= 8
    is_plain = number.subdtype is None and (is_number or number.kind == "S")
    if stored.committed() or not (is_plain or is_text(dtype)):
        raise ValueError(
            f"{path!r} is of the type {dtype}, which is not read; numbers and texts are"
        )


def _check_layout(dataset: Any, path: str) -> None:
    """Refuse data that stand elsewhere, and filters that others have to bring."""
    made = dataset.id.get_create_plist()
    if made.get_layout() == h5py.h5d.VIRTUAL or made.get_external_count():
        raise ValueError(f"{path!r} has its data in other places (virtual, external)")
    found = [made.get_filter(number)[0] for number in range(made.get_nfilters())]
    if not set(found) <= FILTERS.keys() or len(set(found)) < len(found):
        raise ValueError(
            f"{path!r} is packed by the filters {found}; those that are read are "
            f"{', '.join(f'{FILTERS[n]} ({n})' for n in FILTERS)}, each once"
        )


if __name__ == "__main__":
    main()
