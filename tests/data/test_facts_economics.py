"""Sums used in the economics and civics dialogues."""

import math
from fractions import Fraction


def months_to_clear(debt, rate, payment):
    months = 0
    while debt > 0:
        debt = debt * (1 + rate) - payment
        months += 1
    return months


def two_band_tax(income):
    return Fraction(10, 100) * min(income, 20_000) + Fraction(30, 100) * max(income - 20_000, 0)


def quantity(price):
    return 100 - 10 * price


def elasticity(price):
    return Fraction(-10 * price, quantity(price))


def test_change_is_not_a_present():
    """A 10 less three 1s leaves 7 for the bun, and a juice at 4 gives 6 back."""
    assert 10 - 3 * 1 == 7
    assert 7 + 3 == 10
    assert 10 - 4 == 6


def test_who_wins_a_swap():
    """Both children gain three stars from the swap, and the forced swap loses five."""
    me = {"dumplings": 2, "mango": 5}
    ravi = {"dumplings": 4, "mango": 1}
    assert me["mango"] - me["dumplings"] == 3
    assert ravi["dumplings"] - ravi["mango"] == 3
    assert 0 - 5 == -5


def test_samosa_stall_profit():
    """Profit is takings minus costs, and doubling a price need not double it."""
    assert 40 * 5 == 200
    assert 90 + 30 == 120
    assert 200 - 120 == 80
    assert 40 * 10 == 400  # the student's plan
    assert (30 * 4, 30 * 4 - 50) == (120, 70)
    assert (12 * 8, 12 * 8 - 50) == (96, 46)
    assert 26 * 10 - 120 == 140 > 80


def test_most_votes_or_more_than_half():
    """The zoo leads with fewer than half of the votes and loses the second round."""
    votes = {"zoo": 12, "museum": 10, "pool": 8}
    total = sum(votes.values())
    assert total == 30
    assert total - votes["zoo"] == 18
    assert 15 == total - 15  # the student's majority is a tie
    assert total // 2 + 1 == 16
    assert (votes["museum"] + 6, votes["zoo"] + 2) == (16, 14)
    assert 6 + 2 == votes["pool"]
    assert not 2 > (2 + 1 + 1) / 2


def test_who_pays_for_the_free_library():
    """Shared equally, the park costs 2 and the library 30 for each person."""
    assert 40_000 / 20_000 == 2
    assert 600_000 / 20_000 == 30


def test_not_guilty_in_court():
    """A certainty of 60 passes the civil mark of just over 50 but not the criminal 95."""
    assert 50 < 60 < 95


def test_the_slow_credit_card():
    """At 2 percent a month, 30 a month takes 56 payments and 60 a month takes 21."""
    assert math.ceil(1000 / 30) == 34  # the student's rule
    assert 1000 * Fraction(102, 100) == 1020
    assert 1020 - 30 == 990
    assert 500 * Fraction(102, 100) - 10 == 500
    assert months_to_clear(1000, 0.02, 30) == 56
    assert months_to_clear(1000, 0.02, 60) == 21
    assert 21 < 56 / 2
    assert 4.5 < 56 / 12 < 5


def test_the_pay_rise_and_the_tax_band():
    """Only the overflow is taxed at 30%, so the raise adds 700 to take-home pay."""
    assert two_band_tax(20_000) == 2_000
    assert 21_000 * Fraction(30, 100) == 6_300  # the student's rule
    assert two_band_tax(21_000) == 2_300
    assert 20_000 - two_band_tax(20_000) == 18_000
    assert 21_000 - two_band_tax(21_000) == 18_700
    assert 700 - 1_500 == -800
    assert two_band_tax(31_000) - two_band_tax(30_000) == 300


def test_curve_or_point():
    """A price fall picks another row of the table; the tea study changes every row."""
    coffee = {4: 60, 3: 80, 2: 100}
    assert (coffee[3], coffee[2]) == (80, 100)
    before, after = {3: 50, 2: 65}, {3: 70, 2: 85}
    assert all(after[price] != before[price] for price in before)


def test_more_votes_fewer_seats():
    """Party A wins 300 of 500 votes but two of five seats, and five with other lines."""
    a = [90, 80, 45, 45, 40]
    b = [100 - votes for votes in a]
    assert sum(a) == 300 and sum(b) == 200
    assert sum(x > y for x, y in zip(a, b)) == 2

    def wasted(own, other):
        return [x - 51 if x > y else x for x, y in zip(own, other)]

    assert wasted(a, b) == [39, 29, 45, 45, 40] and sum(wasted(a, b)) == 198
    assert wasted(b, a) == [10, 20, 4, 4, 9] and sum(wasted(b, a)) == 47
    assert 5 * 60 == 300
    assert (5 * Fraction(300, 500), 5 * Fraction(200, 500)) == (3, 2)


def test_the_deficit_fell():
    """Debt grows by each deficit, and can still fall as a share of GDP."""
    assert 1000 + 60 == 1060
    assert 1060 + 30 == 1090
    assert (100 + 10, 100 + 10 + 5) == (110, 115)
    assert round(1090 / 2000 * 100, 1) == 54.5
    assert round(1100 / 2100 * 100, 1) == 52.4


def test_slope_is_not_elasticity():
    """Elasticity on Q = 100 - 10P runs from -0.25 at 2 to -4 at 8 and is -1 at 5."""
    assert elasticity(2) == Fraction(-1, 4)
    assert elasticity(8) == -4
    assert elasticity(8) / elasticity(2) == 16
    assert (Fraction(10, 80), Fraction(10, 20)) == (Fraction(125, 1000), Fraction(1, 2))
    assert elasticity(5) == -1
    assert 60 - 3 * 5 == 45 and round(-3 * 5 / 45, 2) == -0.33
    revenue = {price: price * quantity(price) for price in range(11)}
    assert (revenue[2], revenue[3], revenue[8], revenue[9]) == (160, 210, 160, 90)
    assert max(revenue, key=revenue.get) == 5 and revenue[5] == 250


def test_frost_and_the_orange_price() -> None:
    """Six of ten oranges lost leave four for ten children."""
    assert 10 - 6 == 4 < 10


def test_thousand_yen_or_ten_euros() -> None:
    """At 160 yen to the euro ten euros beat 1000 yen, but 900 yen beat five euros."""
    rate = 160
    assert 10 * rate == 1600 > 1000
    assert 3 * rate == 480
    assert 5 * rate == 800 < 900


def test_raise_smaller_than_prices() -> None:
    """A rise of 3 % falls 20 short when a basket of 1000 gets 5 % dearer."""
    pay, basket = 1000 + 1000 * 3 // 100, 1000 + 1000 * 5 // 100
    assert (pay, basket) == (1030, 1050)
    assert basket - pay == 20
    assert Fraction(pay, basket) < 1


def test_bike_insurance_scam() -> None:
    """Twenty stolen bikes of 300 cost each of 1000 families 6."""
    loss = 20 * 300
    assert loss == 6000
    assert loss / 1000 == 6
    assert 1000 - 20 == 980


def test_retired_people_not_unemployed() -> None:
    """Ten seekers in a labour force of 100 are 10 %, and the wrong answers come from wrong counts."""
    work, look, others = 90, 10, 100
    assert Fraction(look, work + look) == Fraction(10, 100)
    assert Fraction(look + others, work + look + others) == Fraction(55, 100)
    assert Fraction(look, work + look + others) == Fraction(5, 100)
    assert Fraction(20, 30 + 20) == Fraction(40, 100)
    assert (30 + 20) * 2 == 30 + 20 + 50


def test_wool_and_wheat_hours() -> None:
    """Bela gives up less wool for a sack of wheat although Arda is faster at both."""
    hours = {"Arda": {"wool": 2, "wheat": 4}, "Bela": {"wool": 6, "wheat": 8}}
    assert all(hours["Arda"][g] < hours["Bela"][g] for g in ("wool", "wheat"))
    cost = {c: Fraction(h["wheat"], h["wool"]) for c, h in hours.items()}
    assert cost["Arda"] == 2
    assert round(float(cost["Bela"]), 2) == 1.33
    assert cost["Bela"] < Fraction(3, 2) < cost["Arda"]
    assert Fraction(3, 1) > Fraction(8, 4) == 2


def test_used_car_in_gdp() -> None:
    """The sum of all sales is 21 300, and only bread, fish and the garage's service count."""
    sales = {"flour": 2000, "bread": 6000, "fish": 10_000, "car": 3000, "paperwork": 300}
    assert sum(sales.values()) == 21_300
    assert sum(sales.values()) - sales["flour"] == 19_300
    assert sales["bread"] + sales["fish"] + sales["paperwork"] == 16_300


def test_monopoly_price_from_demand() -> None:
    """Profit is largest at 20 units for cost 20 and at 15 units for cost 40."""

    def profit(q: int, cost: int) -> int:
        return (100 - 2 * q - cost) * q

    assert all(3 * (q + 1) ** 2 - 3 * (q - 1) ** 2 == 2 * 6 * q for q in range(20))  # slope of the worked case
    assert profit(40, 20) == 0
    assert profit(39, 20) == 78
    assert max(range(51), key=lambda q: profit(q, 20)) == 20
    assert (100 - 2 * 20, profit(20, 20)) == (60, 800)
    assert max(range(51), key=lambda q: profit(q, 40)) == 15
    assert 100 - 2 * 15 == 70 == 60 + 10


def test_two_cafes_both_cut_prices() -> None:
    """Low against Low is the only pair from which neither cafe gains by moving alone."""
    pay = {"HH": (10, 10), "HL": (2, 12), "LH": (12, 2), "LL": (5, 5)}
    stable = [
        a + b
        for a in "HL"
        for b in "HL"
        if all(pay[x + b][0] <= pay[a + b][0] for x in "HL") and all(pay[a + y][1] <= pay[a + b][1] for y in "HL")
    ]
    assert stable == ["LL"]
    assert (pay["HL"][0], pay["LL"][0]) == (2, 5)
    assert all(pay["L" + b][0] > pay["H" + b][0] for b in "HL")
