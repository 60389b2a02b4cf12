"""Every number in the mathematics dialogues follows, and every wrong one follows from the wrong rule."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from fractions import Fraction
from itertools import product


def test_counting_on_from_a_hidden_eight() -> None:
    """Repeating the starting number ends one too low."""
    assert 8 + 3 == 11
    assert list(range(8, 8 + 3)) == [8, 9, 10]
    assert list(range(9, 9 + 3))[-1] == 11
    assert list(range(7, 7 + 4)) == [7, 8, 9, 10]
    assert 6 + 4 == 10


def test_equal_sign_as_a_balance() -> None:
    """Only 7 balances the box, while 12 leaves towers of 12 and 17."""
    assert [box for box in range(20) if 8 + 4 == box + 5] == [7]
    assert (8 + 4, 12 + 5) == (12, 17)
    assert 2 + 3 == 4 + 1 == 5
    assert 6 + 4 == 10


def test_smaller_from_larger_digit() -> None:
    """Taking the smaller digit from the larger gives 36, and adding back exposes it."""
    assert 10 * abs(5 - 2) + abs(2 - 8) == 36
    assert 36 + 28 == 64
    assert 52 == 4 * 10 + 12
    assert 52 - 28 == 24
    assert 24 + 28 == 52
    assert 43 == 3 * 10 + 13
    assert 43 - 17 == 26


def test_same_fence_different_field() -> None:
    """Rectangles with 20 metres of fence hold 9 to 25 squares."""
    pens = [(10 - width, width) for width in range(1, 6)]
    assert all(2 * (length + width) == 20 for length, width in pens)
    assert pens[-1] == (5, 5)
    assert [length * width for length, width in pens] == [9, 16, 21, 24, 25]
    assert [(length, width, length * width) for length, width in [(5, 1), (4, 2), (3, 3)]] == [(5, 1, 5), (4, 2, 8), (3, 3, 9)]
    assert all(2 * (length + width) == 12 for length, width in [(5, 1), (4, 2), (3, 3)])
    assert (2 * (10 + 1), 10 * 1) == (22, 10)


def test_multiplying_can_make_smaller() -> None:
    """Three quarters of a kilo at 12 euros cost 9, while dividing gives 16."""
    piece = Fraction("0.75")
    assert 12 / piece == 16
    assert 12 * piece == 9
    assert [12 * kilos for kilos in (3, 2, 1, Fraction(1, 2))] == [36, 24, 12, 6]
    assert 12 * Fraction(1, 2) < 12 * piece < 12 * 1


def test_recipe_ratio_by_adding() -> None:
    """Adding 4 to both parts changes the ratio, multiplying by 3 keeps it."""
    assert (2 + 4, 5 + 4) == (6, 9)
    assert Fraction(6, 9) != Fraction(2, 5)
    assert (2 - 2, 5 - 2) == (0, 3)
    assert (2 * 3, 5 * 3) == (6, 15)
    assert Fraction(6, 15) == Fraction(2, 5)
    assert (Fraction(10, 4) * 2, Fraction(10, 4) * 10) == (5, 25)


def test_dice_are_never_due() -> None:
    """A run without sixes leaves the chance at 1/6, and the shortage fades in a long run."""
    after_three_misses = [rolls for rolls in itertools.product(range(1, 7), repeat=4) if 6 not in rolls[:3]]
    assert Fraction(sum(rolls[3] == 6 for rolls in after_three_misses), len(after_three_misses)) == Fraction(1, 6)
    assert [flips for flips in map("".join, itertools.product("HT", repeat=4)) if flips.startswith("HHH")] == ["HHHH", "HHHT"]
    shortage = Fraction(15, 6)
    assert 2 < shortage < 3
    assert shortage / 15 > Fraction(1, 10)
    assert shortage / 6015 < Fraction(1, 2000)


def test_sheep_goats_reversed_equation() -> None:
    """Five goats and twenty sheep fit s = 4g but not 4s = g."""
    goats = 5
    sheep = 4 * goats
    assert (sheep, 4 * sheep) == (20, 80)
    assert 4 * sheep != goats
    assert 8 * 3 == 24
    assert 3 * 2 == 6


def test_twice_as_wide_pizza() -> None:
    """A pizza twice as wide is four small ones, worth 100 at the small price."""
    assert (40 // 20) ** 2 == 4
    assert (3**2, 6**2, Fraction(6**2, 3**2)) == (9, 36, 4)
    assert (10**2, 20**2) == (100, 400)
    assert 2 * 25 == 50
    assert 4 * 25 - 75 == 25
    assert Fraction(2 * 40, 40) ** 3 == 8


def test_square_of_a_sum() -> None:
    """The strips are what x² + 9 leaves out of (x + 3)²."""
    assert ((1 + 3) ** 2, 1**2 + 9) == (16, 10)
    assert 16 - 10 == 6 * 1
    assert all((x + 3) ** 2 == x**2 + 2 * (3 * x) + 9 == x**2 + 6 * x + 9 for x in range(-5, 6))
    assert all((2 * x + 5) ** 2 == 4 * x**2 + 2 * (10 * x) + 25 for x in range(-5, 6))


def test_dividing_away_a_solution() -> None:
    """Dividing by an expression that can be zero loses the solution at that zero."""
    assert [t for t in range(-10, 11) if 10 * t - 5 * t**2 == 0] == [0, 2]
    assert all(10 * t - 5 * t**2 == 5 * t * (2 - t) for t in range(-10, 11))
    assert 4 * 0 == 7 * 0
    assert [y for y in range(-10, 11) if y**2 == 6 * y] == [0, 6]
    assert [x for x in range(-10, 11) if (x - 1) * (x + 4) == 3 * (x - 1)] == [-1, 1]
    assert [x for x in range(-10, 11) if x + 4 == 3] == [-1]


def test_logarithm_of_a_sum() -> None:
    """Splitting the logarithm of a sum gives x = 10, which does not satisfy log(x + 10) = 2."""
    assert math.isclose(math.log10(10) + math.log10(10), 2)
    assert round(math.log10(10 + 10), 2) == 1.30
    assert math.log10(1) + math.log10(1) == 0
    assert round(math.log10(1 + 1), 3) == 0.301
    assert 100 * 1000 == 10**2 * 10**3 == 10**5
    assert 100 + 1000 == 1100
    assert math.log10(90 + 10) == 2
    assert math.isclose(math.log10(4 * 7), math.log10(4) + math.log10(7))
    assert not math.isclose(math.log10(4 + 7), math.log10(4) + math.log10(7))


def test_flat_but_not_turning() -> None:
    """The cubic rises on both sides of its stationary point, and x⁴ turns where its second derivative is zero."""

    def slope(x: Fraction) -> Fraction:
        return 3 * x**2 - 6 * x + 3

    assert all(slope(Fraction(x)) == 3 * (x - 1) ** 2 for x in range(-5, 6))
    assert slope(Fraction(1)) == 0
    assert 6 * 1 - 6 == 0
    assert slope(Fraction("0.9")) == slope(Fraction("1.1")) == Fraction("0.03")
    assert 4 * (-1) ** 3 < 0 < 4 * 1**3
    assert 12 * 0**2 == 0


def test_small_terms_infinite_sum() -> None:
    """A million terms of 1/n add up to 14.39, every block adds a half, and the sums of 1/n² stay below 2."""
    assert round(math.fsum(1 / n for n in range(1, 1_000_001)), 2) == 14.39
    for first, last in [(3, 4), (5, 8), (9, 16)]:
        count = last - first + 1
        assert Fraction(count, last) == Fraction(1, 2)
        assert sum(Fraction(1, n) for n in range(first, last + 1)) > Fraction(1, 2)
    assert Fraction(2, 4) == Fraction(4, 8) == Fraction(8, 16)
    assert all(Fraction(1, n * (n - 1)) == Fraction(1, n - 1) - Fraction(1, n) > Fraction(1, n * n) for n in range(2, 50))
    assert sum(Fraction(1, n) - Fraction(1, n + 1) for n in range(1, 50)) == 1 - Fraction(1, 50)
    assert sum(Fraction(1, n * n) for n in range(1, 200)) < 2
    assert all(1 / math.sqrt(n) > 1 / n for n in range(2, 50))


def test_chain_rule_bare_answer() -> None:
    """Slopes taken numerically agree with the derivatives in the chat."""

    def slope(f: Callable[[float], float], x: float) -> float:
        return (f(x + 1e-5) - f(x - 1e-5)) / 2e-5

    for x in (-1.0, 0.3, 1.2):
        assert math.isclose(slope(lambda t: (3 * t + 1) ** 5, x), 15 * (3 * x + 1) ** 4, rel_tol=1e-6)
        assert math.isclose(slope(lambda t: (3 * t) ** 2, x), 18 * x, rel_tol=1e-6)
        assert math.isclose(slope(lambda t: (2 * t + 7) ** 3, x), 6 * (2 * x + 7) ** 2, rel_tol=1e-6)


def test_counting_back_from_thirteen() -> None:
    """Five bricks fewer than 13 is 8, and three fewer than 11 is 8 as well."""
    assert len(list(range(13))[5:]) == 8
    assert [13 - n for n in range(5)][-1] == 9  # the child's count starts at 13
    assert len(list(range(11))[3:]) == 8


def test_diagonal_across_the_pitch() -> None:
    """The diagonals are 10 and 13, and with 60° between the sides the third is shorter than 10."""
    assert math.hypot(6, 8) == 10
    assert math.hypot(5, 12) == 13
    assert 6**2 + 8**2 == 100
    assert math.isqrt(49) == 7
    third = math.sqrt(6**2 + 8**2 - 2 * 6 * 8 * math.cos(math.radians(60)))
    assert third < 8


def test_fifty_on_minibuses() -> None:
    """Fifty children need seven buses, ten need three cars, fifty centimetres make six bows."""
    assert divmod(50, 8) == (6, 2)
    assert min(n for n in range(50) if n * 8 >= 50) == 7
    assert min(n for n in range(10) if n * 4 >= 10) == 3
    assert max(n for n in range(50) if n * 8 <= 50) == 6
    assert 6 * 8 == 48


def test_hundred_and_seven_in_digits() -> None:
    """One digit for each place writes 107 and 340."""
    assert 1 * 100 + 0 * 10 + 7 == 107
    assert 2 * 100 + 0 * 10 + 5 == 205
    assert 3 * 100 + 4 * 10 == 340
    assert len(str(1007)) == 4


def test_inverse_of_a_product() -> None:
    """The inverse of AB is not A^-1 B^-1, and determinants do not add."""

    def times(m: list[list[int]], n: list[list[int]]) -> list[list[int]]:
        return [[sum(m[i][k] * n[k][j] for k in range(2)) for j in range(2)] for i in range(2)]

    def inverse(m: list[list[int]]) -> list[list[int]]:
        (a, b), (c, d) = m
        assert a * d - b * c == 1
        return [[d, -b], [-c, a]]

    a, b, identity = [[1, 1], [0, 1]], [[1, 0], [1, 1]], [[1, 0], [0, 1]]
    ab = times(a, b)
    assert ab == [[2, 1], [1, 1]]
    assert inverse(ab) == [[1, -1], [-1, 2]] == times(inverse(b), inverse(a))
    same_order = times(inverse(a), inverse(b))
    assert same_order == [[2, -1], [-1, 1]]
    assert times(ab, inverse(ab)) == identity != times(ab, same_order)
    assert 2 * 2 - 0 * 0 == 4 != 1 + 1


def test_one_root_by_luck() -> None:
    """Of all whole numbers from -20 to 20 only 4 and -3 solve the equation."""
    assert [x for x in range(-20, 21) if (x - 3) * (x + 2) == 6] == [-3, 4]
    assert (9 - 3) * (9 + 2) == 66
    assert all((x - 3) * (x + 2) - 6 == x * x - x - 12 == (x - 4) * (x + 3) for x in range(-20, 21))


def test_price_up_then_down() -> None:
    """The shoes end at 48, the hat at 198 and the coat at 96."""

    def up_and_down(price: int, percent: int) -> Fraction:
        share = Fraction(percent, 100)
        return price * (1 + share) * (1 - share)

    assert up_and_down(50, 20) == 48
    assert up_and_down(200, 10) == 198
    assert up_and_down(100, 20) == 96
    assert Fraction(20, 100) * 60 == 12


def test_six_more_than_ben() -> None:
    """Ben has the number that is six fewer than fifteen."""
    assert [ben for ben in range(30) if ben + 6 == 15] == [9]
    assert 15 + 6 == 21


def test_two_coins_three_results() -> None:
    """One head and one tail comes up in two of four equally likely cases."""
    cases = list(product("HT", repeat=2))
    mixed = [c for c in cases if len(set(c)) == 2]
    assert Fraction(len(mixed), len(cases)) == Fraction(1, 2) != Fraction(1, 3)
    assert round(40 / 3) == 13


def test_which_way_does_two_go() -> None:
    """The lowest point of (x + 2) squared lies at minus two, to the left of that of x squared."""
    xs = range(-10, 11)
    assert min(xs, key=lambda x: (x + 2) ** 2) == -2 < min(xs, key=lambda x: x**2) == 0
    assert [(x + 2) ** 2 for x in (-3, -2, -1, 0, 1)] == [1, 0, 1, 4, 9]
