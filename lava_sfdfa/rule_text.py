"""The text of a learning rule: read, checked, explained.

A rule is a sum of products, `2^-4*y0*y1*x1 - u0*t*y2`; a product is a dependency, a
constant `m * 2^e` and factors. lava-nc 0.10.0 accepts texts that it computes wrongly
(two-digit k, a time constant of zero, products beyond 32 bits, ...); here they are
refused with a sentence.
"""

import re
from dataclasses import dataclass
from typing import Any, NoReturn

from lava_sfdfa import chips
from lava_sfdfa.errors import InputError

TRACES = ("x1", "x2", "y1", "y2", "y3")
VARIABLES = {"w": "weights", "t": "tag_1", "d": "tag_2"}  # name in a rule: in Lava
WIDTHS = {
    **dict.fromkeys(TRACES, chips.TRACE_WIDTH),
    **dict.fromkeys(VARIABLES, chips.VARIABLE_WIDTH),
}
_NAME = "|".join(WIDTHS)
_LITERAL = re.compile(r"(?:(\d+)\*)?2\^([+-]?\d+)|(\d+)(?![.\d])")
_DEPENDENCY = re.compile(r"(x0|y0|u(\d+))")
_FACTOR = re.compile(rf"(?:({_NAME})(?!\d)|(sgn)?\(({_NAME})([+-]\d+)?\))")


@dataclass(frozen=True)
class Factor:
    """A trace or a synaptic variable, plus a constant; or the sign of that."""

    name: str
    constant: int = 0
    is_sign: bool = False

    def __str__(self) -> str:
        inner = f"{self.name}{self.constant:+d}" if self.constant else self.name
        if self.is_sign:
            return f"sgn({inner})"
        return f"({inner})" if self.constant else inner


@dataclass(frozen=True)
class Product:
    """One product of a rule: `mantissa * 2**exponent * dependency * factors`."""

    dependency: str  # x0, y0 or u
    mantissa: int
    exponent: int
    factors: tuple[Factor, ...]
    decimation: int = 0  # k of uk: every 2**k-th epoch

    @property
    def width(self) -> int:
        """Bits of the product before it is shifted."""
        return sum(WIDTHS[f.name] for f in self.factors) + chips.MANTISSA_WIDTH

    @property
    def shift(self) -> int:
        """How far the learning engine shifts the product right."""
        return max(0, self.width - chips.PRODUCT_WIDTH)

    def __str__(self) -> str:
        dependency = (
            f"u{self.decimation}" if self.dependency == "u" else self.dependency
        )
        parts = [f"{self.mantissa}*2^{self.exponent}", dependency]
        return "*".join([*parts, *map(str, self.factors)])


# --- reading ----------------------------------------------------------------------


def parse(text: str) -> tuple[Product, ...]:
    """The products of a rule. Errors: InputError for what is not such a sum, or what
    lava-nc would compute in another way than it is written."""
    rest, products = text.replace(" ", ""), []
    while rest or not products:
        sign = -1 if rest.startswith("-") else 1
        if rest[:1] in ("+", "-"):
            rest = rest[1:]
        elif products:
            _refuse(text, f"there is no + or - before {rest!r}")
        product, rest = _parse_product(text, rest, sign)
        products.append(product)
    if len({p.decimation for p in products if p.dependency == "u"}) > 1:
        _refuse(text, "it has two different uk; allowed is one")
    return tuple(products)


def _parse_product(text: str, rest: str, sign: int) -> tuple[Product, str]:
    mantissa, exponent, dependency, decimation = sign, 0, "", 0
    factors = []
    while True:
        if match := _LITERAL.match(rest):
            mantissa *= int(match[1] or match[3] or 1)
            exponent += int(match[2] or 0)
        elif match := _DEPENDENCY.match(rest):
            if dependency:
                _refuse(text, f"a product has two dependencies, {dependency} and "
                        f"{match[1]}; allowed is one of x0, y0 and uk")  # fmt: skip
            dependency, decimation = (
                match[1][: 1 + (match[1][0] != "u")],
                int(match[2] or 0),
            )
            if match[2] and len(match[2]) > 1:
                _refuse(text, f"lava-nc reads {match[1]} as u{match[2][0]} times "
                        f"{match[2][1:]}; allowed are u0 to u9")  # fmt: skip
        elif match := _FACTOR.match(rest):
            name, constant = match[1] or match[3], int(match[4] or 0)
            factors.append(Factor(name, constant, match[2] is not None))
        else:
            _refuse(text, f"{rest!r} begins with nothing that a rule can hold: x0, y0, "
                    "uk, x1, x2, y1 to y3, w, d, t, (t+1), sgn(t), 3 or 3*2^-4")  # fmt: skip
        rest = rest[match.end() :]
        if not rest.startswith("*"):
            break
        rest = rest[1:]
    product = _normalised(
        Product(dependency, mantissa, exponent, tuple(factors), decimation)
    )
    _check_product(text, product)
    return product, rest


def _normalised(product: Product) -> Product:
    """The constant as lava-nc stores it: halved while it is even and too large."""
    mantissa, exponent = product.mantissa, product.exponent
    while abs(mantissa) > chips.SCALE_MANTISSA.maximum and mantissa % 2 == 0:
        mantissa, exponent = mantissa // 2, exponent + 1
    return Product(
        product.dependency, mantissa, exponent, product.factors, product.decimation
    )


def _check_product(text: str, product: Product) -> None:
    if not product.dependency:
        _refuse(text, "a product has no dependency; it needs one of x0, y0 and uk")
    for what, value, field in (
        ("mantissa", product.mantissa, chips.SCALE_MANTISSA),
        ("exponent", product.exponent, chips.SCALE_EXPONENT),
    ):
        if not field.minimum <= value <= field.maximum:
            _refuse(text, f"the constant {product.mantissa}*2^{product.exponent} has the "
                    f"{what} {value}; allowed is {field.minimum} to {field.maximum}")  # fmt: skip
    for factor in product.factors:
        if abs(factor.constant) > 2**chips.VARIABLE_WIDTH - 1:
            _refuse(
                text, f"the constant in {factor} is beyond {chips.VARIABLE_WIDTH} bits"
            )
    if product.width > chips.MULTIPLIER_WIDTH:
        _refuse(text, f"the product {product} has {product.width} bits, and lava-nc wraps "
                f"beyond {chips.MULTIPLIER_WIDTH}; use fewer factors")  # fmt: skip


def _refuse(text: str, what: str) -> NoReturn:
    raise InputError(f"the learning rule {text!r}: {what}")


# --- a whole rule -----------------------------------------------------------------


def check_rule(rule: Any) -> dict[str, tuple[Product, ...]]:
    """The products of a three-factor rule, by the variable they change.

    rule: a `Loihi3FLearningRule`, or what has its attributes. Errors: InputError for
    what lava-nc accepts and the chip does not hold, or what it computes wrongly.
    """
    rules = {
        variable: parse(text)
        for variable, text in (
            ("weights", rule.dw_str),
            ("tag_2", rule.dd_str),
            ("tag_1", rule.dt_str),
        )
        if text is not None
    }
    if rule.t_epoch not in range(chips.EPOCH.minimum, chips.EPOCH.maximum + 1):
        raise InputError(f"t_epoch is {rule.t_epoch}; allowed is an integer, 1 to 63")
    for name in ("x1", "x2"):
        impulse, tau = getattr(rule, f"{name}_impulse"), getattr(rule, f"{name}_tau")
        if impulse != int(impulse) or not 0 <= impulse <= chips.TRACE.maximum:
            raise InputError(
                f"{name}_impulse is {impulse}; allowed is an integer, 0 to "
                f"{chips.TRACE.maximum}, since fractions are rounded up too often"
            )
        if not tau > 0:
            raise InputError(
                f"{name}_tau is {tau}, and a trace without a time constant reads 0; "
                "give a number of steps above 0 (2**60 keeps the trace as it is)"
            )
    return rules


def explain(products: tuple[Product, ...]) -> list[str]:
    """A sentence a product: what it is worth in the chip's fixed point.

    A product is shifted right to 15 bits, rounding down, and then left by the exponent
    of its constant; so its value is `m * 2**(e - shift)` of its factors, in steps of
    `2**e` units of the variable.
    """
    return [
        f"{product} adds {product.mantissa} * 2^{product.exponent - product.shift} of "
        f"{'*'.join(map(str, product.factors)) or '1'}, in steps of "
        f"2^{product.exponent}, rounded down ({product.width} bits, shifted right by "
        f"{product.shift})"
        for product in products
    ]
