"""The text of a learning rule: read, checked, explained.

A rule is a sum of products, `2^-4*y0*y1*x1 - u0*t*y2`; a product is a dependency, a
constant `m * 2^e` and factors. lava-nc 0.10.0 accepts texts that it computes wrongly
(two-digit k, a time constant of zero, products beyond 32 bits, ...); here they are
refused with a sentence.
"""

import re
from dataclasses import dataclass
from typing import Any, NoReturn

from lava_sfdfa.chip import widths
from lava_sfdfa.errors import InputError

TRACES = ("x1", "x2", "y1", "y2", "y3")
VARIABLES = {"w": "weights", "t": "tag_1", "d": "tag_2"}  # name in a rule: in Lava
WIDTHS = {
    **dict.fromkeys(TRACES, widths.TRACE_WIDTH),
    **dict.fromkeys(VARIABLES, widths.VARIABLE_WIDTH),
}
_NAME = "|".join(WIDTHS)
_SYMBOL = re.compile(
    r"(?:(?P<times>\d+)\*)?2\^(?P<power>[+-]?\d+)|(?P<integer>\d+)(?![.\d])"
    rf"|(?P<dependency>x0|y0|u\d+)|(?P<plain>{_NAME})(?!\d)"
    rf"|(?P<sign>sgn)?\((?P<inner>{_NAME})(?P<constant>[+-]\d+)?\)"
)
_SYMBOLS = "x0, y0, u0, x1, x2, y1, y2, y3, w, t, d, (t+1), sgn(t), 3, 2^-4 or 3*2^-4"


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
        return sum(WIDTHS[f.name] for f in self.factors) + widths.MANTISSA_WIDTH

    @property
    def shift(self) -> int:
        """How far the learning engine shifts the product right."""
        return max(0, self.width - widths.PRODUCT_WIDTH)

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
    rest = text.replace(" ", "")
    products: list[Product] = []
    while rest or not products:
        sign = -1 if rest.startswith("-") else 1
        if rest[:1] in ("+", "-"):
            rest = rest[1:]
        elif products:
            _refuse(text, f"there is no + or - before {rest!r}")
        symbols, rest = _read_symbols(text, rest)
        products.append(_make_product(text, sign, symbols))
    if len({p.decimation for p in products if p.dependency == "u"}) > 1:
        _refuse(text, "it has two different uk; allowed is one")
    return tuple(products)


def _read_symbols(text: str, rest: str) -> tuple[list[re.Match], str]:
    """The symbols of one product, and what follows it."""
    symbols: list[re.Match] = []
    while not symbols or rest.startswith("*"):
        rest = rest[1:] if symbols else rest
        match = _SYMBOL.match(rest)
        if match is None:
            _refuse(text, f"{rest!r} does not begin with one of {_SYMBOLS}")
        symbols.append(match)
        rest = rest[match.end() :]
    return symbols, rest


def _make_product(text: str, sign: int, symbols: list[re.Match]) -> Product:
    mantissa, exponent, dependencies, factors = sign, 0, [], []
    for symbol in symbols:
        if symbol["dependency"]:
            dependencies.append(symbol["dependency"])
        elif name := symbol["plain"] or symbol["inner"]:
            constant = int(symbol["constant"] or 0)
            factors.append(Factor(name, constant, symbol["sign"] is not None))
        else:
            mantissa *= int(symbol["times"] or symbol["integer"] or 1)
            exponent += int(symbol["power"] or 0)
    # lava-nc stores the constant halved while it is even and too large.
    while abs(mantissa) > widths.SCALE_MANTISSA.maximum and mantissa % 2 == 0:
        mantissa, exponent = mantissa // 2, exponent + 1
    _check_dependencies(text, dependencies)
    (dependency,) = dependencies
    decimation = int(dependency[1]) if dependency[0] == "u" else 0
    name = "u" if dependency[0] == "u" else dependency
    product = Product(name, mantissa, exponent, tuple(factors), decimation)
    _check_ranges(text, product)
    return product


def _check_dependencies(text: str, dependencies: list[str]) -> None:
    if len(dependencies) != 1:
        _refuse(
            text,
            f"a product has {len(dependencies)} dependencies; it needs one of x0, y0 "
            "and uk",
        )
    if dependencies[0][0] == "u" and len(dependencies[0]) > 2:
        digits = dependencies[0][1:]
        _refuse(
            text,
            f"lava-nc reads {dependencies[0]} as {digits[1:]} times u{digits[0]}; "
            f"allowed are u{widths.DECIMATION.minimum} to u{widths.DECIMATION.maximum}",
        )


def _check_ranges(text: str, product: Product) -> None:
    for what, value, field in (
        ("mantissa", product.mantissa, widths.SCALE_MANTISSA),
        ("exponent", product.exponent, widths.SCALE_EXPONENT),
    ):
        if not field.minimum <= value <= field.maximum:
            _refuse(
                text,
                f"the constant {product.mantissa}*2^{product.exponent} has the {what} "
                f"{value}; allowed is {field.minimum} to {field.maximum}",
            )
    for factor in product.factors:
        if abs(factor.constant) >= 2**widths.VARIABLE_WIDTH:
            most = 2**widths.VARIABLE_WIDTH - 1
            _refuse(text, f"the constant of {factor} is beyond +-{most}")
    if product.width > widths.MULTIPLIER_WIDTH:
        _refuse(
            text,
            f"the product {product} has {product.width} bits, and lava-nc wraps beyond "
            f"{widths.MULTIPLIER_WIDTH}; use fewer factors",
        )


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
    if rule.t_epoch not in range(widths.EPOCH.minimum, widths.EPOCH.maximum + 1):
        raise InputError(f"t_epoch is {rule.t_epoch}; allowed is an integer, 1 to 63")
    for name in ("x1", "x2"):
        impulse, tau = getattr(rule, f"{name}_impulse"), getattr(rule, f"{name}_tau")
        if impulse != int(impulse) or not 0 <= impulse <= widths.TRACE.maximum:
            raise InputError(
                f"{name}_impulse is {impulse}; allowed is an integer, 0 to "
                f"{widths.TRACE.maximum}, since fractions are rounded up too often"
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
