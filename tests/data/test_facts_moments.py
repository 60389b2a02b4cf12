"""Figures in the moments and contrast pairs, worked out independently: a good reply says what is so, a wrong fact what is not.

Each row names a moment, words that stand in it, and two values: what the words claim, and what comes out when it is worked out.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).resolve().parents[2] / "data" / "raw" / "moments"

SAID = "said"
"""Words of the student or teacher, or of the head."""


def halvings(left: int) -> list[int]:
    """Return what is left after each look of a binary search, down to one item."""
    found = []
    while left > 1:
        left //= 2
        found.append(left)
    return found


def slope(curve: Any, x: float) -> float:
    """Return the slope of a curve, taken over a very short piece of it."""
    return (curve(x + 1e-6) - curve(x - 1e-6)) / 2e-6


def area_of_sine(pieces: int = 10_000) -> float:
    """Return the area between sine and axis from 0 to 2π, added up from thin strips."""
    width = 2 * math.pi / pieces
    return sum(abs(math.sin((k + 0.5) * width)) * width for k in range(pieces))


def calls_of_add() -> list[list[int]]:
    """Return what two calls of a function with a list as default give back."""

    def add(x: int, box: list[int] = []) -> list[int]:  # noqa: B006 - the mistake of the moment
        box.append(x)
        return box

    return [list(add(1)), list(add(2))]


def mirrored(corner: tuple[int, int], along: tuple[int, int]) -> tuple[Fraction, Fraction]:
    """Return where a corner lands when the sheet is folded along the line from (0, 0) to `along`."""
    part = Fraction(corner[0] * along[0] + corner[1] * along[1], along[0] ** 2 + along[1] ** 2)
    return 2 * part * along[0] - corner[0], 2 * part * along[1] - corner[1]


def angle_opposite(side: int, other: int, between: int) -> int:
    """Return the angle opposite to `side` in degrees, in a triangle with two sides and the angle between them."""
    third = math.sqrt(side**2 + other**2 - 2 * side * other * math.cos(math.radians(between)))
    return round(math.degrees(math.acos((other**2 + third**2 - side**2) / (2 * other * third))))


def pizzeria_pairs() -> list[str]:
    """Return the pairs of prices from which neither pizzeria gains by moving alone."""
    pay = {"HH": (10, 10), "HL": (4, 14), "LH": (14, 4), "LL": (6, 6)}
    return [
        a + b
        for a, b in product("HL", repeat=2)
        if all(pay[x + b][0] <= pay[a + b][0] for x in "HL") and all(pay[a + y][1] <= pay[a + b][1] for y in "HL")
    ]


def years_to(bce: int, ce: int) -> int:
    """Return the years from a year BCE to a year CE; there was no year 0."""
    return bce + ce - 1


RIGHT = [
    ("a-bond-below-par", "leak", "1,050 / 1.06 = 990.57", 990.57, round(1050 / 1.06, 2)),
    ("air-over-the-ridge", SAID, "20-10-5=5", 5, 20 - 10 * 1 - 5 * 1),
    ("area-that-comes-out-zero", SAID, "-1+1", 0, round(-math.cos(2 * math.pi) + math.cos(0), 9)),
    ("area-that-comes-out-zero", "leak", "The real area is 4", 4, round(area_of_sine(), 4)),
    ("bathroom-scale-in-the-lift", "leak", "600 N", 600, 50 * (10 + 2)),
    ("borrow-the-wrong-way-round", "leak", "That leaves 14", 14, 52 - 38),
    ("box-that-remembers", SAID, "Python gives [1, 2]", [1, 2], calls_of_add()[1]),
    ("brackets-in-a-formula-count", SAID, '"5"', 5, 1 + 2 * (1 + 1)),
    ("bread-prices-in-paris", SAID, "17 before 11 after", (17, 11), (25 - 8, 25 - 14)),
    ("carriers-at-four-percent", "leak", "2 × 0.8 × 0.2, or 0.32", 0.32, round(2 * math.sqrt(0.04) * (1 - math.sqrt(0.04)), 4)),
    ("cat-hops-in-rounds", SAID, '"6"', 6, sum(2 for _ in range(3))),
    ("closed-pipe-first-overtone", "leak", "So isn't it 300", 300, 100 * 3),
    ("coins-for-a-kite", SAID, "4 weeks", 4, Fraction(12, 3)),
    ("customers-without-orders", "leak", "6 + 2 = 8", 8, sum(max(orders, 1) for orders in (2, 2, 2, 0, 0))),
    ("daisies-in-ten-quadrats", SAID, "12 per m2, 2400", (12, 2400), (30 / 10 / 0.25, 30 / 10 / 0.25 * 200)),
    ("dearer-tickets-same-crowd", SAID, "0.4", Fraction("0.4"), Fraction(10, 100) / Fraction(1, 4)),
    ("dearer-tickets-same-crowd", "leak", "from 400 to 450 euros", (400, 450), (4 * 100, 5 * 90)),
    ("gibbs-both-signs-positive", SAID, "T > 300 K", 300, 30_000 / 100),
    ("halving-a-thousand-names", "leak", "62, 31, 15, 7, 3, 1", [62, 31, 15, 7, 3, 1], halvings(1000)[3:]),
    ("halving-a-thousand-names", "leak", "that makes 10", 10, len(halvings(1000)) + 1),
    ("halving-a-thousand-names", "ideal", "with 3 looks 7", 7, 2**3 - 1),
    ("hess-cycle-sign-flip", SAID, "+111 - 394 = -283", -283, -394 - -111),
    ("inflation-fell-to-two", "leak", "112.20", Fraction("112.2"), Fraction(110) * Fraction(102, 100)),
    ("lemonade-at-one-euro", SAID, "15 euros and 20 euros", (15, 20), (15 * 1, 40 * Fraction(1, 2))),
    ("log-of-a-sum-of-two", SAID, "log110 is like 2.04", 2.04, round(math.log10(110), 2)),
    ("log-of-a-sum-of-two", "leak", "yours is log 6", round(math.log10(6), 12), round(math.log10(2) + math.log10(3), 12)),
    ("loop-after-a-loop", "ideal", "8 steps for the first loop and 24", (8, 24), (8, 8 * int(math.log2(8)))),
    (
        "m-bracket-moves-the-parabola",
        "leak",
        "the vertex is (3, 2)",
        (3, 2),
        min(((x, (x - 3) ** 2 + 2) for x in range(-9, 10)), key=lambda p: p[1]),
    ),
    ("m-forty-seven-to-the-ten", "leak", "3 away from 50 but 7 away from 40", (3, 7), (50 - 47, 47 - 40)),
    ("m-game-with-no-goals", "leak", "divide 12 by 3 and you have 4", 4, mean([4, 0, 8])),
    ("m-ladder-at-the-wall", "leak", "25 − 9 = 16, and that makes 4 m", 4, math.sqrt(5**2 - 3**2)),
    ("m-ninety-one-looks-prime", SAID, "7*13=91", [7, 13], [n for n in range(2, 91) if 91 % n == 0]),
    ("m-pencil-from-the-one", "leak", "it is 6", 6, 7 - 1),
    ("m-three-for-the-committee", "leak", "you divide and get 120", 120, math.comb(10, 3)),
    ("m-three-for-the-committee", SAID, "10*9*8=720", 720, math.perm(10, 3)),
    ("m-which-comes-first-epsilon", SAID, "N = 100", 100, max(n for n in range(1, 1000) if Fraction(1, n) >= Fraction(1, 100))),
    ("noon-further-east", "leak", "at 3 pm", 3, 45 / 15),
    ("onion-cell-in-the-drawing", "leak", "it fits 150 times", 150, 30 / Fraction("0.2")),
    ("outside-angle-of-the-roof", SAID, "outside is 130", 130, 180 - (180 - 60 - 70)),
    ("p-wave-and-s-wave-race", "leak", "42 : 6 = 7 seconds", 7, 42 / 6),
    ("p-wave-and-s-wave-race", "leak", "42 : 3.5 = 12", 12, 42 / 3.5),
    ("paint-plus-four-each", "leak", "9 cups of yellow", 9, Fraction(3, 2) * 6),
    ("pair-apple-bag-unit-price", "ideal", "40 cents against 50", (40, 50), (400 / 10, 300 / 6)),
    ("pair-ball-at-thirty-degrees", SAID, '"5.1"', 5.1, round((20 * math.sin(math.radians(30))) ** 2 / (2 * 9.81), 1)),
    ("pair-binary-search-thousand", "ideal", "10 at most", 10, min(k for k in range(20) if 2**k > 1000)),
    ("pair-box-on-a-small-base", "ideal", "200 / 0.4 = 500 Pa", 500, 200 / Fraction("0.4")),
    ("pair-burning-propane-oxygen", "ideal", "5 O2 balances it, 10 O on each side", (5, 10), ((3 * 2 + 4 * 1) / 2, 3 * 2 + 4 * 1)),
    ("pair-caesar-to-augustus-years", "ideal", "Yes, 57", 57, years_to(44, 14)),
    ("pair-calcium-hydroxide-mass", "ideal", "40 + 2·16 + 2·1 = 74", 74, 40 + 2 * (16 + 1)),
    ("pair-car-two-and-a-half-hours", "ideal", "120 + 30 = 150 km", 150, 60 * Fraction("2.5")),
    ("pair-cat-draws-a-triangle", "ideal", "120 works", 120, 360 / 3),
    ("pair-century-of-1492", "ideal", "15th is right", 15, (1492 - 1) // 100 + 1),
    ("pair-charcoal-one-eighth-left", "ideal", "17,190 years", 17_190, 5730 * math.log2(8)),
    ("pair-cheaper-pack-of-pens", SAID, '"1.80"', Fraction("1.80"), min(Fraction(6, 3), Fraction(9, 5))),
    ("pair-coat-costs-cakes", "ideal", "One coat costs 2 cakes", 2, Fraction(6, 3)),
    ("pair-coffee-price-elasticity", SAID, "-25 / 10 = -2.5", -2.5, -25 / 10),
    ("pair-dichromate-oxidation-number", "ideal", "It's +6", 6, (-2 - 7 * -2) / 2),
    ("pair-four-centimetres-on-map", SAID, '"2 km"', 2, Fraction(4 * 50_000, 100 * 1000)),
    ("pair-hundred-years-war-length", "ideal", "63 + 53 makes 116", 116, 1453 - 1337),
    ("pair-integral-of-log-x", "ideal", "x ln x - x + C", round(math.log(2.5), 6), round(slope(lambda x: x * math.log(x) - x, 2.5), 6)),
    ("pair-jacket-a-fifth-off", "ideal", "The new price is 36 euros", 36, 45 * Fraction(80, 100)),
    ("pair-ladder-nine-and-twelve", "ideal", "Yes, 15", 15, math.hypot(9, 12)),
    ("pair-lemonade-stand-profit", "ideal", "38 it is, 60 in and 22 out", 38, 40 * Fraction("1.5") - 22),
    ("pair-letters-on-the-display", "ideal", "About -0.988", -0.988, round(math.sin(30), 3)),
    ("pair-letters-on-the-display", "ideal", "It will show 0.5", 0.5, round(math.sin(math.radians(30)), 12)),
    ("pair-limit-one-minus-cosine", "ideal", "1/2, yes", 0.5, round((1 - math.cos(1e-3)) / 1e-6, 5)),
    ("pair-log-of-eight-x", "ideal", "3 + log2(x) it is", math.log2(8 * 5), 3 + math.log2(5)),
    ("pair-map-scale-hike", "ideal", "300 000 cm is 3000 m, and that makes 3 km", 3, Fraction(6 * 50_000, 100 * 1000)),
    ("pair-metal-block-density", "ideal", "2.7 g/cm³, yes", Fraction("2.7"), Fraction(540, 200)),
    ("pair-missing-test-score", "ideal", "32 - 21 = 11", 11, 4 * 8 - (4 + 8 + 9)),
    ("pair-output-with-most-profit", SAID, '"8"', 8, max(range(30), key=lambda q: 20 * q - (100 + 4 * q + q * q))),
    (
        "pair-pendulum-four-times-longer",
        "ideal",
        "1 m gives about 2.0 s and 4 m about 4.0 s",
        (2.0, 4.0),
        tuple(round(2 * math.pi * math.sqrt(x / 9.81), 1) for x in (1, 4)),
    ),
    ("pair-ph-of-weak-acid", SAID, "2.87", 2.87, round(-math.log10(math.sqrt(1.8e-5 * 0.10)), 2)),
    ("pair-ph-of-weak-acid", SAID, "2.88", 2.88, round(-math.log10((-1.8e-5 + math.sqrt(1.8e-5**2 + 4 * 1.8e-6)) / 2), 2)),
    ("pair-range-two-to-six", SAID, "my prediction 2 3 4 5", [2, 3, 4, 5], list(range(2, 6))),
    ("pair-real-interest-on-savings", SAID, "about -2 %", -2, round((1.05 / 1.07 - 1) * 100)),
    ("pair-rod-about-its-end", "ideal", "it is 1/12 + 1/4", Fraction(1, 3), Fraction(1, 12) + Fraction(1, 2) ** 2),
    ("pair-savings-after-two-years", "ideal", "Your 210 times 1.05 is 220.50", Fraction("220.5"), 200 * Fraction("1.05") ** 2),
    ("pair-six-sevens-in-a-rush", "ideal", "36 and 6 more is 42", 42, 6 * 7),
    ("pair-six-rows-of-fourteen", SAID, '"84"', 84, 6 * 14),
    ("pair-tens-and-ones-sum", SAID, "its 62", 62, 35 + 27),
    ("pair-three-quarters-of-stickers", "ideal", "3 times 7 is 21", 21, 28 * Fraction(3, 4)),
    ("pair-trolleys-stick-together", "ideal", "2 m/s, yes", 2, Fraction("1.5") * 6 / (Fraction("1.5") + 3)),
    ("pair-variable-plus-two", SAID, '"14"', 14, (5 + 2) * 2),
    ("positive-test-just-tell-me", "leak", "9 out of 108", Fraction(9, 108), Fraction(9, 9 + 99)),
    ("positive-test-just-tell-me", "leak", "99 of them test positive", 99, 990 * Fraction(10, 100)),
    ("product-of-two-derivatives", "leak", "That's 5x^4", round(5 * 1.5**4, 4), round(slope(lambda x: x**2 * x**3, 1.5), 4)),
    ("quarter-added-straight-across", "leak", "That makes 3/4 of a pizza", Fraction(3, 4), Fraction(1, 2) + Fraction(1, 4)),
    ("root-below-the-range", SAID, "r = 9 km", 9, Fraction(2 * 2700, 3300 - 2700)),
    ("sale-down-then-up", "leak", "the jacket ends at 96", 96, 100 * Fraction(80, 100) * Fraction(120, 100)),
    ("seesaw-dad-moves-in", SAID, '"1 m"', 1, Fraction(30 * 2, 60)),
    ("sevens-from-a-five-row", SAID, "35 + 7 ... 42!", 42, 7 * 6),
    ("sine-rule-two-of-three", "leak", "49 + 81 - 126 cos 50°", (49, 81, 126), (7**2, 9**2, 2 * 7 * 9)),
    ("slope-with-run-on-top", "leak", "You go up 6 in 2 steps", 3, Fraction(8 - 2, 3 - 1)),
    ("snowshoe-same-weight", SAID, "12000 and 2000", (12_000, 2000), (600 / Fraction("0.05"), 600 / Fraction("0.3"))),
    ("squared-bracket-missing-middle", SAID, "49 and 29", (49, 29), ((2 + 5) ** 2, 2**2 + 5**2)),
    ("squared-bracket-missing-middle", "leak", "10y equal 20", 20, (2 + 5) ** 2 - (2**2 + 5**2)),
    ("stars-from-two-loops", SAID, "oh 12", 12, sum(1 for _ in range(3) for _ in range(4))),
    ("sugar-gone-from-the-scale", SAID, '"110 g"', 110, 100 + 10),
    ("ten-billion-in-rounds", "leak", "10 / (1 - 0.75) = 40", 40, round(sum(10 * 0.75**n for n in range(200)), 9)),
    ("ten-billion-in-rounds", SAID, "10, 7.5, 5.625", [10, 7.5, 5.625], [10 * 0.75**n for n in range(3)]),
    ("the-atlas-made-later", "leak", "dead for 38 years", 38, 1375 - 1337),
    ("the-rent-cap-gap", "leak", "makes 25", 25, 65 - 40),
    ("thirty-six-grams-of-water", SAID, '"2 mol"', 2, Fraction(36, 2 * 1 + 16)),
    ("tiger-at-place-one", SAID, "then word[1] is i", "i", "tiger"[1]),
    ("tomato-cell-after-meiosis", SAID, "2. so 12", 12, 24 * 2 / 2**2),
    ("twice-the-speed-kinetic-energy", "leak", "200 000 J", 200_000, Fraction(1, 2) * 1000 * 20**2),
    ("two-children-without-a-minibus", SAID, '"5"', 5, math.ceil(50 / 12)),
    (
        "two-jars-of-honey",
        SAID,
        "big 0.80 small 0.90",
        (Fraction("0.8"), Fraction("0.9")),
        (Fraction("3.2") / 4, Fraction("2.25") / Fraction("2.5")),
    ),
    ("two-million-already-spent", "leak", "-2.2 for finishing", Fraction("-2.2"), Fraction("0.8") - 1 - 2),
    ("two-pizzerias-cut-prices", "leak", "At (low, low)", ["LL"], pizzeria_pairs()),
    ("volcano-carried-by-the-plate", "leak", "a quarter of that is 3 million", 3_000_000, 120 * 1000 * 100 / 4),
    ("wheat-flour-and-bread", "ideal", "The 300 is right", 300, 100 + (180 - 100) + (300 - 180)),
    ("wheat-flour-and-bread", SAID, "580", 580, 100 + 180 + 300),
    ("who-hands-over-the-tariff", "ideal", "Your 10 and 60 are right", (10, 60), (50 * Fraction(20, 100), 50 * Fraction(120, 100))),
]
"""What the words claim is what comes out."""

WRONG = [
    ("borrow-the-wrong-way-round", "5 more loose pencils", 5, 10),
    ("cat-hops-in-rounds", "what do 2 and 3 make", 2 + 3, 2 * 3),
    ("closed-pipe-first-overtone", "the wave is twice as long", 2, Fraction(100, 200)),
    ("coins-for-a-kite", "With 2 coins a week it would be faster", True, Fraction(12, 2) < Fraction(12, 3)),
    ("current-before-and-after-bulb", "half of the current", Fraction(3, 10) / 2, Fraction(3, 10)),
    ("daisies-in-ten-quadrats", "so people double them", 2 * 2400, 2400),
    ("dearer-tickets-same-crowd", "loses money when it raises the price", True, 5 * 90 < 4 * 100),
    ("inflation-fell-to-two", "100 gives 102", 102, 110 * Fraction(102, 100)),
    ("lemonade-at-one-euro", "30 cups at 75 cents you would get 25 euros", 25, 30 * Fraction("0.75")),
    ("log-of-a-sum-of-two", "log 110 is 2.4", 2.4, round(math.log10(110), 1)),
    ("m-bracket-moves-the-parabola", "x = 3 is a zero of the function", 0, (3 - 3) ** 2 + 2),
    ("m-folding-corner-to-corner", "two equal parts is always a line of symmetry", (0, 2), mirrored((4, 0), (4, 2))),
    ("m-forty-seven-to-the-ten", "Digits up to 7 go down", 40, min((40, 50), key=lambda ten: abs(ten - 47))),
    ("m-ladder-at-the-wall", "write 25 + 9", math.sqrt(25 + 9), 4),
    ("m-ninety-one-looks-prime", "no prime ends in 1", [], [n for n in (11, 31, 41) if all(n % d for d in range(2, n))]),
    ("m-pencil-from-the-one", "Each line is one centimetre", len([1, 2, 3, 4, 5, 6, 7]), 7 - 1),
    ("m-same-on-both-dice", "Half of 8 is 5", 5, 8 / 2),
    ("m-three-for-the-committee", "3 people can stand in 3 orders", 3, math.factorial(3)),
    ("one-tenth-in-binary", "It is the sum", Fraction(1, 10), Fraction(0.1)),
    ("onion-cell-in-the-drawing", "What is 0.2 divided by 30", Fraction("0.2") / 30, 30 / Fraction("0.2")),
    ("outside-angle-of-the-roof", "inside angles make 190", 190, 60 + 70 + 50),
    ("positive-test-just-tell-me", "the same as 10% of all positives", Fraction(108, 10), 99),
    ("product-of-two-derivatives", "are equal at x = 1", 5 * 1**4, 6 * 1**3),
    ("quarter-added-straight-across", "2/6 is the same as a quarter", Fraction(1, 4), Fraction(2, 6)),
    ("range-from-one-to-five", "here 5 of them", 5, len(range(1, 5))),
    ("rule-for-minus-times-minus", "It goes up by 2 each time", 2, -3 * 1 - -3 * 2),
    ("safe-maths-is-killing-me", "3x = 8", Fraction(8, 3), Fraction(6, 3) + 2),
    ("safe-tnt-blocks-volume", "Add the three numbers", 5 + 4 + 3, 5 * 4 * 3),
    ("sale-down-then-up", "add 20% of 100", 80 + 20, 96),
    ("sevens-from-a-five-row", "7 × 7 is just one more than 42", 43, 7 * 7),
    ("short-hand-past-the-three", "six minutes went by", 6, 6 * 5),
    ("sine-rule-two-of-three", "65° each", 65, angle_opposite(7, 9, 50)),
    ("slope-with-run-on-top", "the smaller change over the bigger one", Fraction(2, 6), Fraction(6, 2)),
    ("snowshoe-same-weight", "12000 N on shoes", 12_000, 600),
    ("sugar-gone-from-the-scale", "the 10 g turn into 5 g", 100 + 5, 110),
    ("tails-is-due-now", "once in ten tries", Fraction(1, 10), Fraction(1, 2) ** 5),
    ("ten-billion-in-rounds", "so 1 / 0.75", 10 / 0.75, 40),
    ("ten-decades-in-a-century", "a millennium is 10 decades", 10, 1000 / 10),
    ("ten-frame-two-empty", "three rows of 5", 3 * 5, 10),
    ("terms-shrink-so-sum-stops", "and it diverges", True, sum(1 / n**2 for n in range(1, 10_000)) > 2),
    ("the-rent-cap-gap", "between 50 and 40", 50 - 40, 25),
    ("thirty-six-grams-of-water", "so 2 molecules", 2, 2 * 6.022e23),
    ("tiger-at-place-one", "word[-0] is the r", "r", "tiger"[-0]),
    ("two-jars-of-honey", "3.80 euros", Fraction("3.8"), 4 * Fraction("0.9")),
    ("two-pizzerias-cut-prices", "the pair with the highest sum wins", ["HH"], pizzeria_pairs()),
    ("twice-the-speed-kinetic-energy", "square all of it, with the ½", (Fraction(1, 2) * 1000 * 20) ** 2, 200_000),
    ("volcano-carried-by-the-plate", "1 km has 10 000 cm", 10_000, 1000 * 100),
    ("which-gas-runs-out-first", "4 mol and 3 mol give 7 mol of water", 7, 4),
]
"""What the words claim is not what comes out."""


def _words(name: str, kind: str) -> Iterator[str]:
    """Yield the replies of one kind; for `SAID` the answers in quotes and all turns."""
    written = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    sides = written.get("sides", [written])
    if kind != SAID:
        yield from (reply["reply"] for side in sides for reply in side["replies"] if reply["kind"] == kind)
        return
    yield from (f'"{answer}"' for answer in written["answer"])
    yield from (said for side in sides for turn in side["turns"] for said in (turn.get("student"), turn.get("teacher")) if said)


@pytest.mark.parametrize(("name", "kind", "words", "claimed", "found"), RIGHT, ids=[f"{row[0]}: {row[2]}" for row in RIGHT])
def test_what_is_taken_as_right_is_right(name: str, kind: str, words: str, claimed: Any, found: Any) -> None:
    """The words stand in the moment, and what they claim comes out when it is worked out."""
    assert any(words in one for one in _words(name, kind))
    assert claimed == (pytest.approx(found) if isinstance(found, int | float | list | tuple) else found)


@pytest.mark.parametrize(("name", "words", "claimed", "found"), WRONG, ids=[f"{row[0]}: {row[1]}" for row in WRONG])
def test_what_a_wrong_fact_says_is_wrong(name: str, words: str, claimed: Any, found: Any) -> None:
    """The words stand in a reply of the kind wrong_fact, and something else comes out."""
    assert any(words in one for one in _words(name, "wrong_fact"))
    assert claimed != found
