"""An ISBN in; the barcode for a back cover, as SVG in its true size, out.

A book's barcode is EAN-13, whose digits are those of the ISBN-13 (ISO/IEC 15420; GS1 General Specifications, 5.2).
"""

from xml.sax.saxutils import quoteattr

# In mm: the narrowest bar, the bars, the guards that reach down between the digits, and the whole with its digits.
MODULE, BARS, GUARDS, HEIGHT = 0.33, 22.85, 24.5, 25.93
# In modules: bare margins that a scanner needs, and the bars and spaces between them.
LEFT_MARGIN, SYMBOL, RIGHT_MARGIN = 11, 95, 7
WIDTH = (LEFT_MARGIN + SYMBOL + RIGHT_MARGIN) * MODULE

# Seven modules a digit, 1 for a bar: left of the middle with odd parity. The other two sets come from these.
_ODD = ["0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011"]
_RIGHT = [code.translate(str.maketrans("01", "10")) for code in _ODD]
_EVEN = [code[::-1] for code in _RIGHT]
# The first digit has no bars: the parities of the six after it tell it (L odd, G even).
_PARITIES = ["LLLLLL", "LLGLGG", "LLGGLG", "LLGGGL", "LGLLGG", "LGGLLG", "LGGGLL", "LGLGLG", "LGLGGL", "LGGLGL"]
_SIZE_OF_DIGITS, _BASELINE = 3.6, 25.7


def isbn13(text: str) -> str:
    """Return an ISBN as its thirteen digits; one of ten digits is converted.

    Raises ValueError, in words for the author, where it is none or its check digit is wrong.
    """
    digits = text.upper().removeprefix("ISBN").lstrip(" :")
    digits = "".join(c for c in digits if c not in "-‐‑– ")
    if len(digits) == 10 and _are_digits(digits[:9]) and (digits[9] == "X" or _are_digits(digits[9])):
        expected = _check_digit_of_ten(digits[:9])
        if digits[9] != expected:
            raise ValueError(_wrong_check_digit(text, digits[9], expected))
        digits = "978" + digits[:9]
        return digits + _check_digit(digits)
    if len(digits) != 13 or not _are_digits(digits):
        raise ValueError(f"“{text}” is no ISBN: an ISBN has 13 digits, or 10 of which the last may be X")
    if digits[:3] not in ("978", "979"):
        raise ValueError(f"“{text}” is no ISBN: one of 13 digits begins with 978 or 979")
    expected = _check_digit(digits[:12])
    if digits[12] != expected:
        raise ValueError(_wrong_check_digit(text, digits[12], expected))
    return digits


def _are_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _wrong_check_digit(text: str, found: str, expected: str) -> str:
    return f"“{text}” ends in {found}, and its check digit should be {expected}: a digit is wrong or out of place"


def _check_digit(twelve: str) -> str:
    """Return the digit that makes a sum with weights 1 and 3 a multiple of ten."""
    return str(-sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(twelve)) % 10)


def _check_digit_of_ten(nine: str) -> str:
    """Return the digit, X for ten, that makes a sum with weights 10 to 1 a multiple of eleven."""
    return "0123456789X"[-sum(int(digit) * (10 - at) for at, digit in enumerate(nine)) % 11]


def modules(digits: str) -> str:
    """Return the 95 modules of an EAN-13 symbol from left to right, 1 for a bar."""
    sets = {"L": _ODD, "G": _EVEN}
    left = "".join(
        sets[parity][int(digit)] for parity, digit in zip(_PARITIES[int(digits[0])], digits[1:7], strict=True)
    )
    right = "".join(_RIGHT[int(digit)] for digit in digits[7:])
    return f"101{left}01010{right}101"


def barcode_svg(isbn: str, family: str) -> bytes:
    """Return the barcode of an ISBN as SVG, 37.29 mm × 25.93 mm with its bare margins; `family` is for its digits.

    Bars are black, the ground is left to what it stands on, which must be white. Raises ValueError as `isbn13` does.
    """
    digits = isbn13(isbn)
    bars = []
    pattern = modules(digits)
    at = 0
    while at < SYMBOL:
        run = len(pattern[at:]) - len(pattern[at:].lstrip(pattern[at]))
        if pattern[at] == "1":
            # Guards are at both ends and in the middle.
            bottom = GUARDS if at < 3 or 45 <= at < 50 or at >= 92 else BARS
            bars.append(f"M{_x(at):.2f} 0h{run * MODULE:.2f}v{bottom}h-{run * MODULE:.2f}z")
        at += run
    places = [-6.0, *(3 + 7 * (n + 0.5) for n in range(6)), *(50 + 7 * (n + 0.5) for n in range(6))]
    words = "".join(
        f'<text x="{_x(place):.2f}" y="{_BASELINE}">{digit}</text>' for place, digit in zip(places, digits, strict=True)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH:.2f}mm" height="{HEIGHT}mm" '
        f'viewBox="0 0 {WIDTH:.2f} {HEIGHT}"><title>ISBN {digits}</title><path d="{"".join(bars)}"/>'
        f'<g font-family={quoteattr(family)} font-size="{_SIZE_OF_DIGITS}" text-anchor="middle">{words}</g></svg>\n'
    ).encode()


def _x(module: float) -> float:
    return (LEFT_MARGIN + module) * MODULE
