"""The numbers in the biology dialogues hold."""

import math
from fractions import Fraction
from itertools import product


def test_elephant_and_mouse_cells():
    """The predicted giant cell, the measured width and the cell-count ratio should hold."""
    assert Fraction("0.02") * 50 == 1
    assert Fraction(8, 400) == Fraction("0.02")
    assert 4000 * 1000 == 4_000_000
    assert 4_000_000 // 20 == 200_000


def test_cell_size_surface_volume():
    """Surface to volume should be 6:1, 3:1 and 2:1 for cubes of 1, 2 and 3 cm, and adding the twos gives 6."""
    surface = {side: 6 * side**2 for side in (1, 2, 3)}
    volume = {side: side**3 for side in (1, 2, 3)}
    assert (surface[1], volume[1]) == (6, 1)
    assert (surface[2], volume[2]) == (24, 8)
    assert (surface[3], volume[3]) == (54, 27)
    assert [Fraction(surface[s], volume[s]) for s in (1, 2, 3)] == [6, 3, 2]
    assert Fraction(surface[3], surface[1]) == 9
    assert Fraction(volume[3], volume[1]) == 27
    wrong_volume = 2 + 2 + 2
    assert wrong_volume == 6
    assert Fraction(24, wrong_volume) == 4


def test_potato_strips_osmosis():
    """The loss is 12 % of the starting mass, and dividing by the final mass gives the wrong 13.6 %."""
    before, after = Fraction("2.50"), Fraction("2.20")
    loss = before - after
    assert loss == Fraction("0.30")
    assert loss / before * 100 == 12
    assert round(float(loss / after * 100), 1) == 13.6


def test_carrier_parents_next_child():
    """One box in four is affected, three unaffected children have chance 27/64, and adding exceeds 1."""
    children = list(product("Ff", repeat=2))
    affected = Fraction(sum(child == ("f", "f") for child in children), len(children))
    assert affected == Fraction(1, 4)
    healthy = 1 - affected
    assert healthy * 3 > 1
    assert [64 * healthy**n for n in (1, 2, 3)] == [48, 36, 27]
    assert round(float(healthy**3) * 100) == 42
    families = list(product(children, repeat=4))
    three_healthy = [f for f in families if all(c != ("f", "f") for c in f[:3])]
    fourth_ill = sum(f[3] == ("f", "f") for f in three_healthy)
    assert Fraction(fourth_ill, len(three_healthy)) == affected


def test_head_lice_shampoo():
    """Two treatments should raise the protected share from 2 % to 29 % and then to about 90 %."""
    protected, others = 20, 980
    assert Fraction(protected, protected + others) == Fraction(2, 100)
    others_left = others * Fraction(5, 100)
    assert others_left == 49
    assert protected + others_left == 69
    assert round(20 / 69 * 100) == 29
    others_left = others_left * Fraction(5, 100)
    assert round(others_left) == 2
    assert 0.88 < protected / (protected + others_left) < 0.92


def test_reading_evolutionary_trees():
    """Flipping a branch keeps ancestry, frog meets human later than fish, and lizard ties mouse with human."""
    tree = ("fish", ("frog", ("lizard", ("mouse", "human"))))

    def tips(node):
        return [node] if isinstance(node, str) else [t for part in node for t in tips(part)]

    def flip(node):
        return node if isinstance(node, str) else tuple(flip(part) for part in reversed(node))

    def shared_depth(node, one, two, depth=0):
        for part in node:
            if not isinstance(part, str) and {one, two} <= set(tips(part)):
                return shared_depth(part, one, two, depth + 1)
        return depth

    flipped = (tree[0], (tree[1][0], flip(tree[1][1])))
    assert tips(tree) == ["fish", "frog", "lizard", "mouse", "human"]
    assert tips(flipped) == ["fish", "frog", "human", "mouse", "lizard"]
    for shape in (tree, flipped):
        assert shared_depth(shape, "frog", "fish") == 0
        assert shared_depth(shape, "frog", "human") == 1
        assert shared_depth(shape, "lizard", "mouse") == shared_depth(shape, "lizard", "human")


def test_competitive_inhibitor_vmax():
    """Raising only Km explains 33 at 2 mM and 98 at 196 mM, while pure noncompetitive inhibition gives 25."""

    def rate(substrate, vmax=100, km=2):
        return Fraction(vmax * substrate, km + substrate)

    assert rate(2) == 50
    apparent_km = 2 * (1 + 1)
    assert apparent_km == 4
    assert rate(2, km=apparent_km) == Fraction(200, 6)
    assert round(float(rate(2, km=apparent_km)), 1) == 33.3
    assert rate(196, km=apparent_km) == Fraction(19600, 200) == 98
    assert rate(2, vmax=100 // (1 + 1)) == 25


def test_blood_group_next_child() -> None:
    """Only AO and BO parents fit an O child, and each group then has a chance of a quarter."""

    def group(pair: str) -> str:
        letters = set(pair) - {"O"}
        return "".join(sorted(letters)) or "O"

    fitting = [
        (mum, dad)
        for mum in ("AA", "AO", "OO")
        for dad in ("BB", "BO", "OO")
        if (group(mum), group(dad)) == ("A", "B") and "O" in {group(m + d) for m, d in product(mum, dad)}
    ]
    assert fitting == [("AO", "BO")]
    boxes = [group(m + d) for m, d in product(*fitting[0])]
    assert sorted(boxes) == ["A", "AB", "B", "O"]
    assert Fraction(boxes.count("AB"), len(boxes)) == Fraction(1, 4)


def test_carriers_from_one_in_2500() -> None:
    """One affected in 2500 gives carriers of 0.0392, about one in 25."""
    q = math.sqrt(1 / 2500)
    assert math.isclose(q, 0.02)
    carriers = 2 * q * (1 - q)
    assert round(carriers, 4) == 0.0392
    assert round(1 / carriers, 1) == 25.5
    assert 90 < carriers * 2500 < 110
    assert Fraction(1, 25) ** 2 * Fraction(1, 4) == Fraction(1, 2500)
    assert round(2 * 0.0004 * 0.9996, 4) == 0.0008
    assert math.isclose(2 * math.sqrt(1 / 100) * (1 - math.sqrt(1 / 100)), 0.18)  # the other disease


def test_onion_drawing_magnification() -> None:
    """The drawing is 200 times the cell in millimetres and in centimetres."""
    assert Fraction("80") / Fraction("0.4") == 200
    assert Fraction("60") / Fraction("0.5") == 120  # the mite
    assert Fraction("8") / Fraction("0.04") == 200
    assert Fraction("8") / Fraction("0.4") == 20


def test_pulse_after_star_jumps() -> None:
    """Counts over 15 seconds are taken four times for a minute."""
    slices = 60 // 15
    assert (slices, 23 * slices, 18 * slices, 10 * slices) == (4, 92, 72, 40)


def test_three_cycles_of_qpcr() -> None:
    """Three doublings make 8, five make 32, and 90 % efficiency gives 6.859."""
    amounts = [1]
    for _ in range(5):
        amounts.append(amounts[-1] * 2)
    assert amounts[21 - 18] == 8
    assert amounts[5] == 32
    assert round(1.9 * 1.9 * 1.9, 3) == 6.859
