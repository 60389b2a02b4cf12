"""Facts in the scenarios that can be computed or run."""

import subprocess
import sys
from collections import Counter
from datetime import date
from fractions import Fraction
from statistics import mean, median

import pytest


def test_order_of_operations_guess_parade() -> None:
    """8 + 12 ÷ 4 × 2 is 14, and each guess comes from another order of the steps."""
    assert 8 + Fraction(12, 4) * 2 == 14
    assert Fraction(8 + 12, 4) * 2 == 10
    assert (8 + 12) * 2 == 40
    assert Fraction(8 + 12, 4 * 2) == Fraction("2.5")
    assert 8 + Fraction(12, 4 * 2) == Fraction("9.5")
    assert 12 // 4 == 3


def test_range_three_to_nine_guesses() -> None:
    """range(3, 9) gives six numbers, from 3 up to 8; counting both ends would give 7."""
    assert list(range(3, 9)) == [3, 4, 5, 6, 7, 8]
    assert len(range(3, 9)) == 6
    assert 9 - 3 + 1 == 7


def test_ph_three_and_six_guessing() -> None:
    """From pH 6 to pH 3 the acidity grows by ten three times; two steps make a hundred."""
    assert 10 ** (6 - 3) == 1000
    assert 10 ** (6 - 4) == 100
    assert 6 / 3 == 2
    assert 6 - 3 == 3
    assert 3 * 10 == 30


def test_thirty_five_beats_eight() -> None:
    """0.8 covers 8 rows of a hundred square, 0.35 less than 4; the new pair is right too."""
    assert Fraction("0.8") > Fraction("0.35")
    assert Fraction("0.8") * 10 == 8
    assert 3 < Fraction("0.35") * 10 < 4
    assert Fraction("0.4") > Fraction("0.399")


@pytest.mark.parametrize("mass", [Fraction("0.06"), Fraction(6)])
def test_bowling_ball_always_wins(mass: Fraction) -> None:
    """Without air the acceleration is weight over mass and does not depend on the mass."""
    g = Fraction("9.81")
    assert mass * g / mass == g


def test_free_ticket_costs_zero() -> None:
    """Four hours at 9 euros are 36 euros."""
    assert 4 * 9 == 36


def test_hitler_in_nineteen_fourteen() -> None:
    """Hitler became chancellor after 1930, more than 14 years after the end of that war."""
    chancellor = date(1933, 1, 30)
    assert chancellor.year > 1930
    assert (chancellor - date(1918, 11, 11)).days > 14 * 365.25


def test_ohms_law_just_tell_me() -> None:
    """12 V over 4 ohms are 3 A; multiplying gives 48; doubling the resistance halves the current."""
    assert Fraction(12, 4) == 3
    assert 12 * 4 == 48
    assert Fraction(12, 8) == Fraction(12, 4) / 2


def test_bike_up_ten_down_ten() -> None:
    """200 goes up to 220, then down by 22 to 198, whose first digit is 1."""
    up = 200 * Fraction(110, 100)
    assert up == 220
    assert up * Fraction(10, 100) == 22
    assert up * Fraction(90, 100) == 198
    assert str(198)[0] == "1"


def atoms(*parts: tuple[int, dict[str, int]]) -> Counter[str]:
    """The atoms on one side of an equation."""
    total: Counter[str] = Counter()
    for number, formula in parts:
        for element, count in formula.items():
            total[element] += number * count
    return total


def test_propane_coefficients_or_else() -> None:
    """1, 5, 3, 4 balances propane; the student's altered formulas match in number as well."""
    propane, oxygen = {"C": 3, "H": 8}, {"O": 2}
    dioxide, water = {"C": 1, "O": 2}, {"H": 2, "O": 1}
    assert atoms((1, propane), (5, oxygen)) == atoms((3, dioxide), (4, water))
    assert atoms((1, propane), (1, oxygen)) != atoms((1, dioxide), (1, water))
    assert atoms((1, propane), (1, {"O": 3})) == atoms((1, {"C": 3, "O": 2}), (1, {"H": 8, "O": 1}))


def test_five_plus_three_makes_fifty_three() -> None:
    """Two inputs are joined as text, minus fails with a TypeError, int gives the sum."""
    program = 'a = input("first ")\nb = input("second ")\nprint(a + b)\n'
    run = subprocess.run([sys.executable, "-c", program], input="5\n3\n", capture_output=True, text=True, check=True)
    assert run.stdout.endswith("53\n")
    a, b = "5", "3"
    assert str(type(a)) == "<class 'str'>"
    with pytest.raises(TypeError):
        a - b
    assert int(a) + int(b) == 8


def test_minus_minus_is_just_the_rule() -> None:
    """5 - (-3) and 2 - (-6) are 8, while -5 - 3 is not."""
    assert 5 - (-3) == 8
    assert 2 - (-6) == 8
    assert -5 - 3 == -8


def test_mean_by_pretending_fifty() -> None:
    """Both assumed values lead to the mean 51, with the deviations the student names."""
    values = [47, 52, 54, 51]
    assert mean(values) == 51
    assert [v - 50 for v in values] == [-3, 2, 4, 1]
    assert sum(v - 50 for v in values) == 4
    assert 50 + 4 / 4 == 51
    assert [v - 60 for v in values] == [-13, -8, -6, -9]
    assert sum(v - 60 for v in values) == -36
    assert 60 - 36 / 4 == 51


def test_number_first_comparison() -> None:
    """A comparison works both ways round; a 5 on the left of a single = is a SyntaxError."""
    for lives in (4, 5):
        assert (5 == lives) is (lives == 5)
    compile("if 5 == lives:\n    pass\n", "student", "exec")
    compile("lives = 5\n", "student", "exec")
    for wrong in ("5 = lives\n", "if 5 = lives:\n    pass\n"):
        with pytest.raises(SyntaxError):
            compile(wrong, "student", "exec")


def test_prices_climb_but_slower() -> None:
    """100 grows to 108 and then to 111.24."""
    first = 100 * Fraction("1.08")
    assert first == 108
    assert first * Fraction("1.03") == Fraction("111.24")


def test_six_fingers_should_win() -> None:
    """1000 people carry 2000 copies; 2 of them are one in a thousand."""
    assert 2 * 1000 == 2000
    assert Fraction(2, 2000) == Fraction(1, 1000)


def test_sarajevo_and_then_the_world() -> None:
    """The declarations of war follow in the order and at the distance the student gives."""
    serbia, russia, france = date(1914, 7, 28), date(1914, 8, 1), date(1914, 8, 3)
    assert serbia < russia < france
    assert (france - russia).days == 2


def test_stars_on_the_sports_chart() -> None:
    """Four stars of 5 children are 20 children, reached by counting in fives."""
    assert 4 * 5 == 20
    assert list(range(5, 21, 5)) == [5, 10, 15, 20]


def test_my_block_of_wood_remembered() -> None:
    """The block has 0.8 grams for each cubic centimetre and floats; with 360 grams it would sink."""
    assert Fraction(240, 300) == Fraction("0.8") < 1
    assert Fraction(360, 300) == Fraction("1.2") > 1


def test_groceries_of_last_year() -> None:
    """50 plus 4 percent is 52; 10 minus 4 is the 6 of the wrong subtraction."""
    assert 50 * Fraction(104, 100) == 52
    assert 10 - 4 == 6


def test_lost_key_story_limit() -> None:
    """84 words are 24 too many for a limit of 60; 58 fit."""
    assert 84 - 60 == 24
    assert 58 in range(61)


def test_book_says_columbus_proved_it() -> None:
    """From about 240 BCE to 1492 are more than 1600 years; there is no year zero."""
    assert 240 + 1492 - 1 > 1600


def test_answer_key_calls_it_the_mean() -> None:
    """The mean is 8, the median 3, and five shares of 3 leave most of the 40 over."""
    money = [2, 3, 3, 4, 28]
    assert sum(money) == 40
    assert mean(money) == 8
    assert median(money) == 3
    assert 5 * 3 == 15


def test_developer_cousin_one_equals_sign() -> None:
    """Python refuses a single = in an if and accepts the comparison."""
    with pytest.raises(SyntaxError):
        compile("if x = 10:\n    pass\n", "student", "exec")
    compile("if x == 10:\n    pass\n", "student", "exec")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are numbered this way on POSIX only")
def test_kill_the_stuck_child_process() -> None:
    """A killed child that has been waited for reports -9."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    child.kill()
    assert child.wait(timeout=30) == -9
    assert child.returncode == -9


def test_simulator_kills_the_bulb() -> None:
    """12 ohms draw 0.5 A at 6 V, 1 A at 12 V and about 19.17 A at 230 V."""
    assert Fraction(6, 12) == Fraction("0.5")
    assert Fraction(12, 12) == 1
    assert round(230 / 12, 2) == 19.17
    assert round(230 / 12, 1) == 19.2


def test_text_me_the_minus_questions() -> None:
    """From -4 to 3 degrees are 7 degrees, 4 of them below zero; ignoring the sign gives 1."""
    assert 3 - (-4) == 7
    assert 0 - (-4) == 4
    assert 4 - 3 == 1


def test_phone_plan_where_it_flips() -> None:
    """Both plans cost 20 at 80 minutes; 200 minutes cost 32 and 10 minutes cost 13 with plan A."""

    def plan_a(minutes: int) -> Fraction:
        return 12 + Fraction(10, 100) * minutes

    assert plan_a(80) == 20
    assert plan_a(200) == 32
    assert plan_a(10) == 13
