"""What solid inks look like in; the two ICC profiles of four inks, in `pipeline/writers/inks/`, out.

Run it after a change of the model: `python scripts/cmyk_profiles.py`. It takes half a minute.

How a mixture of dots looks follows from Neugebauer's equations with the exponent of Yule and Nielsen: each of the 16
overprints of four inks covers its share of the paper, by the sizes of the dots after they have grown (Demichel), and
light that wanders in the paper is allowed for by the exponent. Solids are the aims of ISO 12647-2 for paper of a kind.
"""

import itertools
import struct
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from pipeline.writers._icc import CMYK_FOLDER, WHITE, printer_profile

Triple = tuple[float, float, float]
_EXPONENT = 2.0
# Nodes of the tables: inks to Lab, and Lab to inks.
_TO_LAB, _FROM_LAB, _GAMUT = 9, 17, 9
_STEPS, _STEP, _DAMPING = 24, 0.01, 0.02
# A color is out of gamut where no mixture comes nearer than this.
_NEAR = 4.0


class Condition(NamedTuple):
    """A way of printing: the name, how much each ink's dots of half size grow, and most ink; then solids as L*a*b*.

    The exponent has dots look larger already. With what is added here, half of black looks as two thirds do on coated
    paper and somewhat more on uncoated, by the plain sum of ink and paper (Murray and Davies), and 50% cyan with 40% of
    magenta and yellow is gray: these are the standard's aims.
    """

    name: str
    gain: tuple[float, float, float, float]
    most_ink: float
    paper: Triple
    cyan: Triple
    magenta: Triple
    yellow: Triple
    black: Triple
    red: Triple
    green: Triple
    blue: Triple
    three: Triple


CONDITIONS = {
    "coated": Condition(
        "Offset, coated paper (Quire)",
        (0.08, 0.04, 0.025, -0.017),
        3.0,
        (95, 0, -2),
        (55, -37, -50),
        (48, 74, -3),
        (89, -5, 93),
        (16, 0, 0),
        (47, 68, 48),
        (50, -65, 27),
        (24, 22, -46),
        (23, 0, 0),
    ),
    "uncoated": Condition(
        "Offset, uncoated paper (Quire)",
        (0.15, 0.085, 0.075, 0.075),
        2.8,
        (95, 0, -2),
        (60, -26, -44),
        (56, 61, -1),
        (89, -4, 78),
        (31, 1, 1),
        (54, 55, 26),
        (54, -44, 14),
        (38, 8, -31),
        (33, 1, 2),
    ),
}


class Model:
    """One condition: what a mixture of inks looks like, and which mixture looks like a color."""

    def __init__(self, condition: Condition) -> None:
        self.condition = condition
        self.white = _to_xyz(condition.paper)
        self._roots = [tuple(value ** (1 / _EXPONENT) for value in solid) for solid in self._solids()]
        self.darkest = self.lab((1, 1, 1, 1))[0]

    def _solids(self) -> Iterator[Triple]:
        """Yield the 16 overprints, relative to the paper; black last, so that it is the highest bit."""
        c = self.condition
        plain = (c.paper, c.cyan, c.magenta, c.blue, c.yellow, c.green, c.red, c.three)
        black = self._relative(_to_xyz(c.black))
        for solid in plain:
            yield self._relative(_to_xyz(solid))
        for solid in plain:
            # What lies under black still darkens it, but less than it does the paper.
            under = self._relative(_to_xyz(solid))
            yield tuple(b * max(u, 1e-4) ** 0.35 for b, u in zip(black, under, strict=True))  # type: ignore[misc]

    def _relative(self, xyz: Triple) -> Triple:
        return tuple(value / white for value, white in zip(xyz, self.white, strict=True))  # type: ignore[return-value]

    def lab(self, inks: Sequence[float]) -> Triple:
        """Return L*, a* and b* of a mixture of inks, each 0 to 1, relative to the paper."""
        dots = [ink + 4 * gain * ink * (1 - ink) for ink, gain in zip(inks, self.condition.gain, strict=True)]
        weights = [1.0]
        for dot in dots:
            weights = [weight * (1 - dot) for weight in weights] + [weight * dot for weight in weights]
        xyz = [
            sum(weight * root[axis] for weight, root in zip(weights, self._roots, strict=True)) ** _EXPONENT
            for axis in range(3)
        ]
        return _to_lab((xyz[0] * WHITE[0], xyz[1] * WHITE[1], xyz[2] * WHITE[2]))

    def inks(self, lab: Triple, start: Sequence[float]) -> tuple[tuple[float, float, float, float], float]:
        """Return the mixture that looks most like a color, with how far it is from it; `start` is a guess.

        Black takes the place of the three others as the color gets darker and grayer.
        """
        lightness, a, b = lab
        dark = min(1.0, max(0.0, (78 - lightness) / (78 - self.darkest)))
        gray = max(0.0, 1 - (a * a + b * b) ** 0.5 / 60)
        black = dark**1.7 * gray
        mixture = [*start[:3], black]
        now = self.lab(mixture)
        for _ in range(_STEPS):
            columns = []
            for ink in range(3):
                step = _STEP if mixture[ink] < 0.5 else -_STEP
                moved = list(mixture)
                moved[ink] += step
                columns.append([(x - y) / step for x, y in zip(self.lab(moved), now, strict=True)])
            wanted = [x - y for x, y in zip(lab, now, strict=True)]
            change = _solved(columns, wanted)
            following = [min(1.0, max(0.0, mixture[ink] + change[ink])) for ink in range(3)] + [black]
            shown = self.lab(following)
            if _distance(shown, lab) >= _distance(now, lab) - 1e-4:
                break
            mixture, now = following, shown
        surplus = sum(mixture) - self.condition.most_ink
        if surplus > 0:
            colored = sum(mixture[:3])
            mixture = [ink * (colored - surplus) / colored for ink in mixture[:3]] + [black]
        return (mixture[0], mixture[1], mixture[2], mixture[3]), _distance(now, lab)


def _solved(columns: Sequence[Sequence[float]], wanted: Sequence[float]) -> list[float]:
    """Return the least change of three inks toward a difference (Levenberg and Marquardt)."""
    matrix = [[sum(x * y for x, y in zip(p, q, strict=True)) for q in columns] for p in columns]
    right = [sum(x * y for x, y in zip(column, wanted, strict=True)) for column in columns]
    for at in range(3):
        matrix[at][at] *= 1 + _DAMPING
        matrix[at][at] += 1e-3
    whole = _determinant(matrix)
    return [
        _determinant([[right[r] if c == ink else matrix[r][c] for c in range(3)] for r in range(3)]) / whole
        for ink in range(3)
    ]


def _determinant(m: Sequence[Sequence[float]]) -> float:
    return (
        m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
        - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
    )


def _distance(first: Triple, second: Triple) -> float:
    return sum((x - y) ** 2 for x, y in zip(first, second, strict=True)) ** 0.5


def _to_xyz(lab: Triple) -> Triple:
    y = (lab[0] + 16) / 116
    parts = (y + lab[1] / 500, y, y - lab[2] / 200)
    x, y, z = (part**3 if part > 6 / 29 else 3 * (6 / 29) ** 2 * (part - 4 / 29) for part in parts)
    return x * WHITE[0], y * WHITE[1], z * WHITE[2]


def _to_lab(xyz: Triple) -> Triple:
    x, y, z = (
        part ** (1 / 3) if part > (6 / 29) ** 3 else part / (3 * (6 / 29) ** 2) + 4 / 29
        for part in (value / white for value, white in zip(xyz, WHITE, strict=True))
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


# --------------------------------------------------------------------------- tables


def _table(kind: bytes, inputs: int, outputs: int, nodes: int, first: bytes, body: bytes, last: bytes) -> bytes:
    """Return a table with an identical matrix before it; `first` and `last` are the curves before and after."""
    identity = struct.pack(">9i", *(65536 if at % 4 == 0 else 0 for at in range(9)))
    head = kind + b"\0" * 4 + struct.pack(">3Bx", inputs, outputs, nodes) + identity
    counts = struct.pack(">2H", len(first) // 2 // inputs, len(last) // 2 // outputs) if kind == b"mft2" else b""
    return head + counts + first + body + last


def _straight(channels: int) -> bytes:
    return struct.pack(">2H", 0, 65535) * channels


def _encoded(lab: Triple) -> bytes:
    """Return a color in 16 bits a part, as version 2 of the format has it (ICC.1:2001-04, table 7)."""
    values = lab[0] / 100 * 65280, (lab[1] + 128) * 256, (lab[2] + 128) * 256
    return struct.pack(">3H", *(min(65535, max(0, round(value))) for value in values))


def _curve_of_lightness() -> bytes:
    """Return the curves before a table of colors: white is at its last node, and gray at its middle ones."""
    lightness = [min(65535, round(at * 256 * 65535 / 65280)) for at in range(256)] + [65535]
    straight = [min(65535, round(at * 256 * 65535 / 65536)) for at in range(257)]
    return b"".join(struct.pack(">257H", *curve) for curve in (lightness, straight, straight))


def _nodes(count: int) -> Iterator[Triple]:
    """Yield the colors of a table's nodes, the first part slowest."""
    for lightness, a, b in itertools.product(range(count), repeat=3):
        spread = 65536 / 256 / (count - 1)
        yield lightness / (count - 1) * 100, a * spread - 128, b * spread - 128


def _to_lab_table(model: Model) -> bytes:
    steps = [at / (_TO_LAB - 1) for at in range(_TO_LAB)]
    body = b"".join(_encoded(model.lab(inks)) for inks in itertools.product(steps, repeat=4))
    return _table(b"mft2", 4, 3, _TO_LAB, _straight(4), body, _straight(3))


def _from_lab_table(model: Model) -> bytes:
    solved = _remembering(model)
    body = b"".join(struct.pack(">4H", *(round(ink * 65535) for ink in solved(lab)[0])) for lab in _nodes(_FROM_LAB))
    return _table(b"mft2", 3, 4, _FROM_LAB, _curve_of_lightness(), body, _straight(4))


def _gamut_table(model: Model) -> bytes:
    """Return the table that says 0 for colors that can be printed."""
    solved = _remembering(model)
    body = b"".join(struct.pack(">H", 0 if solved(lab)[1] < _NEAR else 65535) for lab in _nodes(_GAMUT))
    return _table(b"mft2", 3, 1, _GAMUT, _curve_of_lightness(), body, _straight(1))


def _remembering(model: Model) -> Callable[[Triple], tuple[tuple[float, float, float, float], float]]:
    """Return what finds mixtures of colors, each from the best of a few beginnings."""
    beginnings = [tuple(inks) for inks in itertools.product((0.15, 0.75), repeat=3)]

    @cache
    def solved(lab: Triple) -> tuple[tuple[float, float, float, float], float]:
        return min((model.inks(lab, start) for start in beginnings), key=lambda found: found[1])

    return solved


def profile(condition: Condition) -> bytes:
    """Return the ICC profile of a condition."""
    model = Model(condition)
    to_lab, from_lab = _to_lab_table(model), _from_lab_table(model)
    tags = {
        **dict.fromkeys((b"A2B0", b"A2B1", b"A2B2"), to_lab),
        **dict.fromkeys((b"B2A0", b"B2A1", b"B2A2"), from_lab),
        b"gamt": _gamut_table(model),
    }
    return printer_profile(condition.name, b"CMYK", b"Lab ", model.white, tags)


if __name__ == "__main__":
    CMYK_FOLDER.mkdir(exist_ok=True)
    for name, condition in CONDITIONS.items():
        (CMYK_FOLDER / f"{name}.icc").write_bytes(profile(condition))
