"""Facts used in the chemistry dialogues, worked out independently."""

import math
from fractions import Fraction


def test_where_the_sugar_went() -> None:
    """Dissolving keeps the mass: 200 g and 10 g make 210 g, 500 g and 5 g make 505 g."""
    assert 200 + 10 == 210
    assert 500 + 5 == 505


def test_clear_is_not_pure() -> None:
    """Holes in filter paper are thousands of times wider than dissolved ions."""
    hole, ion = 10e-6, 0.5e-9
    assert hole / ion > 2000


def test_what_is_in_the_bubbles() -> None:
    """A litre of water boiled dry makes about 1700 litres of vapour."""
    litres = 1000 / 18.015 * 0.082057 * 373.15
    assert round(litres, -2) == 1700
    assert 20 / 1000 < 0.001 * litres


def test_atoms_do_not_swell() -> None:
    """Copper pipe grows by 1.7 mm, the iron metre by 1.2 mm, and a heated hole gets wider."""
    assert math.isclose(2 * 0.000017 * 50, 0.0017)
    assert math.isclose(1 * 0.000012 * 100, 0.0012)
    assert 0.0012 * 1000 == 1.2
    hole = 0.02
    assert hole * (1 + 0.000012 * 100) > hole


def test_fizzing_in_a_closed_bottle() -> None:
    """The open bottle loses 0.9 g, about 0.02 mol of carbon dioxide; the pumped ball gains 5 g."""
    assert 435 - 430 == 5
    lost = Fraction("310.4") - Fraction("309.5")
    assert lost == Fraction("0.9")
    molar_mass = 12 + 2 * 16
    assert molar_mass == 44
    assert round(float(lost / molar_mass), 2) == 0.02


def test_no_molecules_in_table_salt() -> None:
    """Each ion of the rock salt lattice has six nearest neighbours, all of the other kind."""
    points = [(x, y, z) for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1)]
    nearest = [p for p in points if sum(c * c for c in p) == 1]
    assert len(nearest) == 6
    assert all(sum(p) % 2 == 1 for p in nearest)
    assert 2 * -1 + 1 * 2 == 0  # two chlorides balance one calcium ion


def test_smaller_pile_is_not_limiting() -> None:
    """Oxygen limits although its mass is larger; 9 g of water and 1 g of hydrogen remain."""
    hydrogen, oxygen = Fraction(2, 2), Fraction(8, 32)
    assert (hydrogen, oxygen) == (1, Fraction(1, 4))
    assert Fraction(8, 16) == Fraction(1, 2)  # the slip with O instead of O2
    assert hydrogen > 2 * oxygen  # oxygen runs out first
    water = 2 * oxygen
    left_over = hydrogen - 2 * oxygen
    assert water * 18 == 9
    assert left_over * 2 == 1
    assert water * 18 + left_over * 2 == 2 + 8
    nuts, bolts = 120 // 3, 150 // 10
    assert (nuts, bolts) == (40, 15)
    assert 2 * bolts == 30 < nuts
    iron, sulfur = Fraction("5.6") / 56, Fraction("5.6") / 32
    assert (iron, sulfur) == (Fraction("0.1"), Fraction("0.175"))
    assert sulfur > iron


def test_breaking_bonds_costs_energy() -> None:
    """Bond energies give -184 kJ for hydrogen chloride and -11 kJ for hydrogen iodide."""
    assert 436 + 242 == 678
    assert 2 * 431 == 862
    assert 678 - 862 == -184
    assert 436 + 151 == 587
    assert 2 * 299 == 598
    assert 587 - 598 == -11


def test_equilibrium_is_not_fifty_fifty() -> None:
    """K = 2.5 turns 0.70 mol/L of butane into 0.50 isobutane and 0.20 butane."""
    k = Fraction("2.5")
    total = Fraction("0.70")
    x = k * total / (1 + k)
    assert x == Fraction("0.50")
    assert total - x == Fraction("0.20")
    assert x / (total - x) == k
    assert Fraction("0.35") / Fraction("0.35") == 1 != k
    assert (1 + k) * x == Fraction("1.75")
    y = 3 * Fraction("0.80") / 4
    assert y == Fraction("0.60")
    assert y / (Fraction("0.80") - y) == 3
    x = k * 2 * total / (1 + k)
    assert (x, 2 * total - x) == (1, Fraction("0.40"))


def test_first_electrons_out_of_iron() -> None:
    """Spin-only moments tell three unpaired electrons from five, and electron counts add up."""

    def moment(unpaired: int) -> float:
        return math.sqrt(unpaired * (unpaired + 2))

    assert round(moment(3), 2) == 3.87
    assert round(moment(5), 2) == 5.92
    assert round(moment(5), 1) == 5.9
    argon = 18
    assert argon + 2 + 6 == 26  # Fe
    assert argon + 5 == 26 - 3  # Fe3+
    assert argon + 2 + 3 == 23 == 26 - 3  # the student's wrong Fe3+ has as many electrons
    assert argon + 3 == 23 - 2  # V2+
    assert argon + 5 == 25 - 2  # Mn2+
    assert argon + 10 == 29 - 1  # Cu+


def test_helium_that_comes_in_twos() -> None:
    """Two electrons fill the first shell, and seven elements form molecules of two atoms, without helium."""
    first_shell = 2 * 1**2
    electrons = {"H": 1, "He": 2}
    assert electrons["He"] == first_shell == 2 * electrons["H"]
    diatomic = {"H", "N", "O", "F", "Cl", "Br", "I"}
    assert len(diatomic) == 7
    assert [element for element in ("H", "N", "O", "He") if element not in diatomic] == ["He"]


def test_brackets_in_a_formula() -> None:
    """A number after a bracket counts for every atom inside it."""
    calcium_hydroxide = 1 + 2 * (1 + 1)
    magnesium_nitrate = 1 + 2 * (1 + 3)
    assert calcium_hydroxide == 5
    assert magnesium_nitrate == 9
    assert 2 * magnesium_nitrate == 18
    assert 3 * calcium_hydroxide == 15


def test_neutrons_in_sodium() -> None:
    """Neutrons are the mass number less the atomic number."""
    assert 23 - 11 == 12
    assert 19 - 9 == 10


def test_oxide_from_six_grams() -> None:
    """Six grams of magnesium give ten grams of oxide, with four grams of oxygen."""
    magnesium, oxygen = 24, 16
    moles = Fraction(6, magnesium)
    assert moles == Fraction(1, 4)
    assert moles * (magnesium + oxygen) == 10
    assert 10 - 6 == 4
    assert Fraction(4, oxygen) == moles
    assert 4 * magnesium == 96


def test_rough_titre_in_the_mean() -> None:
    """All three titres average 25.00, the two concordant ones 24.55."""
    titres = [Fraction("25.90"), Fraction("24.60"), Fraction("24.50")]
    assert sum(titres) == 75
    assert sum(titres) / 3 == 25
    assert sum(titres[1:]) / 2 == Fraction("24.55")


def test_silver_cell_doubled_volts() -> None:
    """The cell gives 1.56 V, and doubling the silver potential would give 2.36 V."""
    silver, zinc, faraday = 0.80, -0.76, 96485.0
    assert round(silver - zinc, 2) == 1.56
    assert round(2 * silver - zinc, 2) == 2.36
    assert round(0.34 - zinc, 2) == 1.10  # copper in place of silver
    gibbs = -1 * faraday * silver
    assert math.isclose(2 * gibbs / (-2 * faraday), silver)


def test_entropy_units_limestone() -> None:
    """Limestone decomposes above about 1106 K when both values are in joules."""
    assert round(178_000 / 161) == 1106
    assert round(178 / 161, 1) == 1.1
    assert 90_000 / 200 == 450
