"""Facts used in the physics dialogues, worked out independently."""

import cmath
import math
from fractions import Fraction


def test_shadow_bigger_near_torch() -> None:
    """A shadow grows when the object moves towards the lamp and shrinks near the wall."""
    lamp_to_wall, height = 2.0, 0.1
    near_wall, middle, near_lamp = (height * lamp_to_wall / d for d in (1.9, 1.0, 0.2))
    assert near_wall < middle < near_lamp
    assert math.isclose(near_wall, height, rel_tol=0.1)


def test_bike_trip_average_speed() -> None:
    """The lake trip averages 40/3 km/h, not 15, while equal times do give 15."""
    total_time = Fraction(20, 20) + Fraction(20, 10)
    assert total_time == 3
    average = Fraction(40) / total_time
    assert average == Fraction(40, 3)
    assert round(float(average), 1) == 13.3
    wrong = Fraction(20 + 10, 2)
    assert wrong == 15 != average
    assert round(float(40 / wrong), 2) == 2.67
    assert round(float(40 / wrong) * 60) == 160  # 2 h 40 min
    half = Fraction(1, 2)
    assert (20 * half + 10 * half) / (half + half) == 15
    assert Fraction(40) / (Fraction(20, 20) + Fraction(20, 30)) == 24 != Fraction(20 + 30, 2)


def test_pitch_is_not_loudness() -> None:
    """Swings per second give the frequencies of the two rulers."""
    assert 60 / 2 == 30
    assert 240 / 2 == 120
    e4 = 440 * 2 ** (-5 / 12)
    assert round(e4) == 330


def test_two_jets_same_depth() -> None:
    """Half the depth gives a shorter jet although the half-full tank holds far more water than the tube."""
    depth = {"tank full": 0.30, "tube full": 0.30, "tank half": 0.15}
    area = {"tank full": 0.25, "tube full": 0.0004, "tank half": 0.25}
    pressure = {name: 1000 * 9.8 * d for name, d in depth.items()}
    assert pressure["tank full"] == pressure["tube full"] > pressure["tank half"]
    assert area["tank half"] * depth["tank half"] > 100 * area["tube full"] * depth["tube full"]


def test_curling_stone_runs_out() -> None:
    """A tenth of the drag gives a tenth of the loss of speed per second."""
    assert [round(2.0 - 0.1 * n, 2) for n in range(3)] == [2.0, 1.9, 1.8]
    assert [round(2.0 - 0.01 * n, 2) for n in range(3)] == [2.0, 1.99, 1.98]


def test_lorry_meets_scooter() -> None:
    """Equal forces give accelerations in the inverse ratio of the masses."""
    force = 5000
    lorry, scooter = force / 10_000, force / 100
    assert (lorry, scooter) == (0.5, 50)
    assert scooter / lorry == 100
    assert math.isclose(10 / 6e24, 1.7e-24, rel_tol=0.03)


def test_gravity_on_the_space_station() -> None:
    """At 400 km the pull is still 89 % of its value on the ground."""
    assert 6770 - 6370 == 400
    ratio = (6370 / 6770) ** 2
    assert round(ratio, 3) == 0.885
    assert round(9.8 * ratio, 1) == 8.7
    assert round(100 * ratio) == 89
    assert 900 < 384_400 / 400 < 1000  # the Moon is almost a thousand times higher up
    assert 60 * 10 == 600
    assert 600 - 60 * 4 == 360
    assert 600 - 60 * 10 == 0
    assert round(math.sqrt(9.8 * ratio * 6_770_000) / 1000, 1) == 7.7


def test_rope_pulse_speed() -> None:
    """The rope gives 5 m/s and 0.8 s, and four times the pull gives 0.4 s."""
    assert math.isclose(64 / 0.0004, 160_000)
    assert math.isclose(math.sqrt(64 / 0.0004), 400)
    speed = math.sqrt(5 / 0.2)
    assert math.isclose(speed, 5)
    assert math.isclose(4 / speed, 0.8)
    faster = math.sqrt(4 * 5 / 0.2)
    assert math.isclose(faster, 10)
    assert math.isclose(4 / faster, 0.4)


def test_braking_distance_squares() -> None:
    """At a deceleration of 5 m/s2 the distances are 10, 40 and 90 m."""

    def distance(speed: int, deceleration: int = 5) -> Fraction:
        time = Fraction(speed, deceleration)
        return speed * time / 2

    assert [Fraction(v, 5) for v in (10, 20, 30)] == [2, 4, 6]
    assert [distance(v) for v in (10, 20, 30)] == [10, 40, 90]
    assert 2 * distance(10) == 20 != distance(20)
    assert round(float(Fraction(50, 30) ** 2), 2) == 2.78
    assert 36 / 3.6 == 10
    assert 72 / 3.6 == 20
    assert round(50 / 3.6, 1) == 13.9


def test_generator_peak_emf() -> None:
    """The peak emf is 10 V where the flux is zero, and 20 V at twice the speed."""
    turns, area, field, omega = 200, 0.010, 0.050, 100
    assert math.isclose(turns * field * area * omega, 10)
    assert math.isclose(turns * field * area * 2 * omega, 20)

    def flux(t: float) -> float:
        return turns * field * area * math.cos(omega * t)

    def emf(t: float, h: float = 1e-7) -> float:
        return -(flux(t + h) - flux(t - h)) / (2 * h)

    quarter = math.pi / 2 / omega
    assert abs(emf(0)) < 1e-6
    assert flux(0) == max(flux(0), flux(quarter))
    assert math.isclose(emf(quarter), 10, rel_tol=1e-6)
    assert abs(flux(quarter)) < 1e-12
    t = math.pi / 4
    assert math.isclose(3 * math.sin(2 * t), 3)
    assert abs(6 * math.cos(2 * t)) < 1e-12
    assert 6 * math.cos(0) == 6
    assert 3 * math.sin(0) == 0


def test_adiabatic_is_not_isothermal() -> None:
    """Argon squeezed to an eighth ends at 1200 K and 32 bar; the isothermal rule would give 8 bar."""
    gamma = 5 / 3
    temperature = 300 * 8 ** (gamma - 1)
    assert math.isclose(temperature, 1200)
    assert math.isclose(1 * 8**gamma, 32)
    assert 1 * 8 == 8  # p1 V1 = p2 V2
    assert math.isclose(8 * temperature / 300, 32)
    assert math.isclose(27 ** (gamma - 1), 9)
    assert round(400 / 9) == 44


def test_ammeter_after_the_lamp() -> None:
    """A lamp that let out 0.3 A of 0.4 A would pile up six coulombs a minute."""
    into, out = Fraction("0.4"), Fraction("0.3")
    assert (into - out) * 60 == 6


def test_capacitor_after_one_tau() -> None:
    """After one RC of five seconds 12 V has fallen to 4.4 V, and after two to 1.6 V."""
    tau = 100e3 * 50e-6
    assert math.isclose(tau, 5.0)
    assert round(math.exp(-1), 3) == 0.368
    assert round(12 * math.exp(-5 / tau), 1) == 4.4
    assert round(12 * math.exp(-10 / tau), 1) == 1.6
    assert 3.4 < tau * math.log(2) < 3.5
    assert 5 / 0.5 == 10  # the teacher's slip


def test_coin_pushed_off_the_table() -> None:
    """A fall of 1.25 m takes half a second, in which 3 m/s carries 1.5 m."""
    time = math.sqrt(2 * 1.25 / 10)
    assert time == 0.5
    assert 3 * time == 1.5
    up = 1.0
    later = (up + math.sqrt(up**2 + 2 * 10 * 1.25)) / 10
    assert later > time


def test_flat_part_of_the_walk() -> None:
    """The way back over the same 2 km is faster than the way out."""
    out, back = Fraction(2, 20), Fraction(2, 50 - 35)
    assert back > out


def test_half_a_block_of_clay() -> None:
    """Half of the mass in half of the volume has the density of the whole."""
    whole, half = Fraction(54, 30), Fraction(27, 15)
    assert whole == half == Fraction("1.8")


def test_pendulum_error_marked_down() -> None:
    """The worst case is 2.5 % and independent errors give 2.06 %."""
    assert round(1 / 1.01**2, 3) == 0.980
    length, period = 0.5, 2 * 1.0
    assert length + period == 2.5
    assert round(math.hypot(length, period), 2) == 2.06
    assert (length + period) - 1.5 == 1.0


def test_suitcase_and_no_travail() -> None:
    """An upward force does no work on a level path, so 2000 J is not the answer."""
    force, path = complex(0, 200), complex(10, 0)
    assert (force * path.conjugate()).real == 0
    assert abs(force) * abs(path) == 2000
    assert math.isclose(cmath.phase(force) - cmath.phase(path), math.pi / 2)
