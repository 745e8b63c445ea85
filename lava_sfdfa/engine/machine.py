"""Single operations of the processor that numba has no words for, for compiled code."""

from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

NumberType = Any  # of numba, such as types.uint16


def operation(name: str, kind: NumberType) -> Any:
    """An operation of LLVM on two numbers of a kind. numba computes in 64 bits and cuts
    off afterwards, which costs up to three quarters of the speed of a vector."""

    @intrinsic
    def function(typing: Any, a: Any, b: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            return getattr(builder, name)(*values)

        return kind(kind, kind), codegen

    return function


def _pointer(typing: Any, address: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.inttoptr(values[0], cgutils.voidptr_t)

    return types.voidptr(address), codegen


def _lowest_bit(typing: Any, mask: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        zeros = builder.cttz(values[0], cgutils.true_bit)
        return builder.zext(zeros, context.get_value_type(types.uint64))

    return types.uint64(types.uint32), codegen


pointer: Any = intrinsic(_pointer)  # an address as a pointer
lowest_bit: Any = intrinsic(_lowest_bit)  # position of the lowest bit that is set
