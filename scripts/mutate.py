"""Deliberate faults in the core, one at a time: do the tests notice?

    python scripts/mutate.py --count 200 --seed 1 [--path deploy/mapping ...] [--json]

Each fault is made in a clone in a temporary folder, and the tests that belong to its
file run there. A line for each fault that survives; whether it changes anything at all
has to be judged by reading it. The clone has what is committed.
"""

import argparse
import ast
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
# The tests of each folder or file, the likeliest first; the first match counts.
TESTS = {
    "lava_sfdfa/chip": "chip network/test_quantise.py engine/test_engine.py",
    "lava_sfdfa/network/schema.py": "network/test_artifact.py network/test_schema.py",
    "lava_sfdfa/network": "network engine/test_engine.py",
    "lava_sfdfa/engine": "engine",
    "deploy/mapping": "deploy/test_partition.py deploy/test_place.py "
    "deploy/test_plan.py deploy/test_check.py deploy/test_pinned_digests.py",
    "deploy/run": "deploy/test_simulate.py deploy/test_board_path.py "
    "deploy/test_boards.py deploy/test_check.py",
}
OTHER = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.In: "not in",
    ast.NotIn: "in",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "//",
    ast.FloorDiv: "*",
    ast.Div: "*",
    ast.LShift: ">>",
    ast.RShift: "<<",
    ast.BitAnd: "|",
    ast.BitOr: "&",
    ast.And: "or",
    ast.Or: "and",
}
NAMES = {"min": "max", "minimum": "maximum", "any": "all", "floor": "ceil"}
NAMES |= {new: old for old, new in NAMES.items()}


@dataclass
class Fault:
    """A place in a file and what stands there instead."""

    path: str
    line: int
    kind: str
    before: str
    after: str
    start: int
    end: int


def faults(path: str, text: str) -> Iterator[Fault]:
    """Every fault that can be made in a file."""
    starts = [0]
    for line in text.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def fault(node, kind: str, after: str) -> Fault:
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        before = text.encode()[start:end].decode()
        return Fault(path, node.lineno, kind, before, after, start, end)

    def visit(node: ast.AST) -> Iterator[Fault]:
        if isinstance(node, ast.JoinedStr | ast.arg | ast.AnnAssign):
            return  # texts and types
        if isinstance(node, ast.Raise):
            yield fault(node, "drop", "pass")
            return
        if isinstance(node, ast.FunctionDef):
            for child in node.body:
                yield from visit(child)
            return
        if isinstance(node, ast.If | ast.IfExp | ast.While):
            yield fault(node.test, "condition", f"(not ({ast.unparse(node.test)}))")
        for kind, after in changes(node):
            yield fault(node, kind, after)
        for below in ast.iter_child_nodes(node):
            yield from visit(below)

    yield from visit(ast.parse(text))


def changes(node: ast.AST) -> Iterator[tuple[str, str]]:
    """The kind and the new text of each fault of one expression or statement."""
    show = ast.unparse
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        right = show(node.comparators[0])
        yield "compare", f"({show(node.left)} {OTHER[type(node.ops[0])]} {right})"
    elif isinstance(node, ast.BinOp) and type(node.op) in OTHER:
        yield (
            "operator",
            f"(({show(node.left)}) {OTHER[type(node.op)]} ({show(node.right)}))",
        )
    elif isinstance(node, ast.BoolOp):
        other = f" {OTHER[type(node.op)]} "
        yield "and/or", "(" + other.join(f"({show(v)})" for v in node.values) + ")"
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield "unary", f"({show(node.operand)})"
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield "constant", str(node.value + 1)
    elif isinstance(node, ast.AugAssign):
        yield "drop", "pass"
    elif isinstance(node, ast.Expr):
        if isinstance(node.value, ast.Call):
            yield "drop", "pass"
    elif isinstance(node, ast.Call):
        function = show(node.func)
        head, dot, name = function.rpartition(".")
        call = [show(a) for a in node.args] + [show(k) for k in node.keywords]
        if name in NAMES:
            yield "min/max", f"{head}{dot}{NAMES[name]}({', '.join(call)})"
        elif len(node.args) > 1 and function not in ("isinstance", "getattr"):
            call[:2] = call[1::-1]
            yield "swap", f"{function}({', '.join(call)})"


def chosen(paths: list[str], count: int, seed: int) -> list[Fault]:
    """Random faults, as many from each folder, spread over its files."""
    rng = random.Random(seed)
    groups = []
    for path in paths:
        found = [path] if path.endswith(".py") else None
        files = found or [
            str(p.relative_to(ROOT)) for p in sorted((ROOT / path).glob("*.py"))
        ]
        group = [f for p in files for f in faults(p, (ROOT / p).read_text())]
        rng.shuffle(group)
        groups.append(group)
    taken: list[Fault] = []
    while len(taken) < count and any(groups):
        taken += [group.pop() for group in groups if group]
    return taken[:count]


def tests_of(path: str) -> list[str]:
    """The tests that belong to a file."""
    for start, tests in TESTS.items():
        if path.startswith(start):
            return [f"sim_tests/{test}" for test in tests.split()]
    return ["sim_tests"]


def passes(clone: Path, tests: list[str], seconds: float) -> bool:
    """Whether tests pass in the clone; too slow is a failure."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(clone),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-m", "pytest", "-qx", "-p", "no:cacheprovider", *tests]
    process = subprocess.Popen(
        command,
        cwd=clone,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False


def main() -> None:
    """Make the faults and say what the tests caught."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--path", nargs="+", default=list(TESTS))
    parser.add_argument("--tests", nargs="+", help="instead of those of the file")
    parser.add_argument("--timeout", type=float, default=600, help="of a fault, in s")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin none after")
    parser.add_argument("--json", action="store_true", help="a line for every fault")
    options = parser.parse_args()

    begin, results = time.monotonic(), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "repo")
        subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
        (Path(folder) / "shared").symlink_to(ROOT.resolve().parent / "shared")
        for fault in chosen(options.path, options.count, options.seed):
            if time.monotonic() - begin > options.minutes * 60:
                break
            file = clone / fault.path
            whole = file.read_bytes()
            changed = whole[: fault.start] + fault.after.encode() + whole[fault.end :]
            file.write_bytes(changed)
            tests = options.tests or tests_of(fault.path)
            survived = passes(clone, tests, options.timeout)
            file.write_bytes(whole)
            result = "survived" if survived else "caught"
            results[result] += 1
            if options.json:
                print(json.dumps({"result": result, **asdict(fault)}), flush=True)
            elif survived:
                print(
                    f"{fault.path}:{fault.line}: {fault.kind}: "
                    f"{fault.before} -> {fault.after}",
                    flush=True,
                )
    if not options.json:
        print(f"{results['caught']} of {results.total()} faults caught")


if __name__ == "__main__":
    main()
