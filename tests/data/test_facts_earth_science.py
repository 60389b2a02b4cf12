"""The numbers in the earth science dialogues hold."""

import math
from fractions import Fraction
from itertools import permutations


def test_north_on_a_map():
    """With the top of the map to the north, the left side should be west."""
    clockwise = ["north", "east", "south", "west"]
    left_of_north = clockwise[(clockwise.index("north") - 1) % 4]
    assert left_of_north == "west"


def test_solar_system_model_scale():
    """On a scale with a 14 cm Sun every distance in the dialogue should follow."""
    km_per_cm = 1_400_000 // 14
    assert km_per_cm == 100_000
    assert 10 * km_per_cm == 1_000_000 < 1_400_000
    assert 150_000_000 // km_per_cm == 1500
    assert 780_000_000 // km_per_cm == 7800
    assert 4_500_000_000 // km_per_cm == 45_000
    assert [cm / 100 for cm in (1500, 7800, 45_000)] == [15, 78, 450]
    assert round(14 / 450, 2) == 0.03
    star_cm = 40 * 10**6 * 10**6 // km_per_cm
    assert star_cm == 400_000_000
    assert star_cm / 100 == 4_000_000
    assert star_cm / 100 / 1000 == 4000


def test_hiking_map_scale():
    """A 4 km walk should be 4 cm at 1:100 000 and 16 cm at 1:25 000, with 16 sheets for one."""
    walk_cm = 4 * 1000 * 100
    assert 100_000 / 100 / 1000 == 1
    assert 25_000 / 100 == 250
    assert walk_cm / 100_000 == 4
    assert walk_cm / 25_000 == 16
    assert Fraction(1, 25_000) > Fraction(1, 100_000)
    assert Fraction(1, 4) > Fraction(1, 10)
    assert [10 * 100 / scale for scale in (100, 200)] == [10, 5]
    assert (100_000 // 25_000) ** 2 == 16


def test_what_ocean_waves_carry():
    """A day should hold 10 800 waves of 8 s, which would carry a float 1080 km at 100 m each."""
    day = 24 * 60 * 60
    assert day == 86_400
    assert day // 8 == 10_800
    assert 10_800 * 100 / 1000 == 1080
    deep_water_length = 9.81 * 8**2 / (2 * math.pi)
    assert round(deep_water_length) == 100


def test_earthquake_magnitude_steps():
    """Two magnitude steps should mean 100 times the swing and 1000 times the energy, four steps a million."""
    assert round(7 / 5, 1) == 1.4
    assert 10 ** (7 - 5) == 100
    assert round(10**1.5, 1) == 31.6
    assert 32 + 32 == 64
    assert 32 * 32 == 1024
    assert math.isclose(10 ** (1.5 * 2), 1000)
    assert math.isclose(10 ** (1.5 * (8 - 4)), 1_000_000)
    assert 1_000_000 / 10_000 == 100


def test_zircon_half_lives():
    """Seven lead atoms per uranium should mean three half-lives, and the linear rule overshoots the Earth's age."""
    assert 7 * 704 == 4928 > 4540
    rows = [(16 // 2**n, 16 - 16 // 2**n) for n in range(4)]
    assert rows == [(16, 0), (8, 8), (4, 12), (2, 14)]
    assert [n for n, (uranium, lead) in enumerate(rows) if lead == 7 * uranium] == [3]
    assert 3 * 704 == 2112 < 4540
    linear = [(16 - 8 * n, 8 * n) for n in range(3)]
    assert linear == [(16, 0), (8, 8), (0, 16)]
    assert 57_300 / 5730 == 10
    assert Fraction(1, 2) ** 10 == Fraction(1, 1024)
    assert 66_000_000 / 5730 > 11_000


def test_wind_along_isobars():
    """Unbalanced air should reach 115 m/s in a day, while balance gives 11.9 m/s at 50 N and 27 m/s at 20 N."""
    acceleration = 400 / 300_000 / 1.0
    assert round(acceleration * 1e3, 2) == 1.33
    assert round(acceleration * 86_400) == 115
    spin = 7.292e-5

    def coriolis(latitude):
        return 2 * spin * math.sin(math.radians(latitude))

    assert round(coriolis(50) * 1e4, 2) == 1.12
    assert round(acceleration / coriolis(50), 1) == 11.9
    assert round(1.33e-3 / 1.12e-4, 1) == 11.9
    assert coriolis(20) < coriolis(50)
    assert round(acceleration / coriolis(20)) == 27
    assert coriolis(0) == 0


def test_call_to_lola_in_manila() -> None:
    """Eight hours ahead, 2 pm in Leeds is 10 pm in Manila and 7 am there is 11 pm the day before here."""
    assert (14 + 8) % 24 == 22
    day, hour = divmod(7 - 8, 24)
    assert (day, hour) == (-1, 23)
    assert 14 + 4 == 18


def test_island_chain_speed() -> None:
    """450 km in five million years is 9 cm a year."""
    centimetres = 450 * 1000 * 100
    assert centimetres // 5_000_000 == 9
    assert 450 // 5 == 90
    assert 90 * 1000 == 90_000
    assert 90_000 * 100 == 9_000_000


def test_dyke_and_fault_order() -> None:
    """The cutting relations leave a single order."""
    before = ["PQ", "QR", "PD", "QD", "DR", "PF", "QF", "RF", "DF"]
    orders = [o for o in permutations("PQRDF") if all(o.index(a) < o.index(b) for a, b in before)]
    assert ["".join(o) for o in orders] == ["PQDRF"]


def test_heated_air_feels_dry() -> None:
    """The same 7.5 g is 80 % of full at 10 °C and about 43 % at 20 °C."""

    def full(celsius: float) -> float:
        pressure = 611.2 * math.exp(17.62 * celsius / (243.12 + celsius))
        return 1000 * pressure * 0.018015 / (8.314 * (273.15 + celsius))

    assert math.isclose(full(10), 9.4, rel_tol=0.01)
    assert math.isclose(full(20), 17.3, rel_tol=0.01)
    assert round(0.8 * 9.4, 1) == 7.5
    assert round(100 * 7.5 / 17.3) == 43


def test_s_minus_p_times_six() -> None:
    """A lag of 25 s at 6.0 and 3.5 km/s means 210 km."""
    p_speed, s_speed = Fraction(6), Fraction(7, 2)
    slowness = 1 / s_speed - 1 / p_speed
    assert slowness == Fraction(5, 2) / 21
    assert 25 / slowness == 210
    assert (210 / s_speed, 210 / p_speed) == (60, 35)
    assert 25 * 6 == 150
    assert 10 / (Fraction(1, 2) - Fraction(1, 4)) == 40  # the worked case
    assert 25 * (p_speed - s_speed) == Fraction(125, 2)
