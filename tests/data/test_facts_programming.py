"""Every program in the programming dialogues prints what the dialogue says it prints."""

from __future__ import annotations

import asyncio
import math
import shutil
import sqlite3
import subprocess
import sys
from itertools import pairwise

import pytest


def output(source: str) -> str:
    """Run a Python program and return what it prints, with its lines stripped of the last line break."""
    finished = subprocess.run([sys.executable, "-I", "-c", source], capture_output=True, text=True, check=False, timeout=60)
    return (finished.stdout + finished.stderr).strip()


def test_if_block_looks_only_once() -> None:
    """An if outside the loop misses a touch that comes later, an if inside the loop meets it."""
    touching = [False, False, True, False]
    assert not any(touching[:1])
    assert any(touching)


def test_turtle_turns_outside_angle() -> None:
    """Three turns of 120 degrees close a triangle, three of 60 draw half of a hexagon."""

    def path(sides: int, turn: float) -> list[complex]:
        corners, heading = [0j], 0.0
        for _ in range(sides):
            corners.append(corners[-1] + 100 * complex(math.cos(math.radians(heading)), math.sin(math.radians(heading))))
            heading += turn
        return corners

    assert abs(path(3, 120)[-1]) < 1e-9
    assert math.isclose(abs(path(3, 60)[-1]), 200)
    assert path(6, 60)[:4] == path(3, 60)
    assert abs(path(6, 60)[-1]) < 1e-9
    assert abs(path(4, 90)[-1]) < 1e-9
    assert (180 - 60, 360 // 3, 360 // 4, 360 // 6) == (120, 120, 90, 60)
    assert all(math.isclose(abs(there - here), 100) for here, there in pairwise(path(6, 60)))


def test_swap_needs_a_third_cup() -> None:
    """Two assignments lose a value, and one extra variable is enough for a swap and for a ring of three."""
    assert output("red = 5; blue = 8; red = blue; blue = red; print(red, blue)") == "8 8"
    assert output("red = 5; blue = 8; temp = red; red = blue; blue = temp; print(red, blue)") == "8 5"
    assert output("A, B, C = 'a', 'b', 'c'; temp = C; C = B; B = A; A = temp; print(A, B, C)") == "c a b"


def test_running_total_wiped_each_round() -> None:
    """A total set to 0 inside the loop keeps only the last price."""
    loop = "for price in [4, 7, 5]:\n"
    assert output(loop + "    total = 0\n    total = total + price\nprint(total)") == "5"
    assert output("total = 0\n" + loop + "    total = total + price\nprint(total)") == "16"
    assert output("product = 1\n" + loop + "    product = product * price\nprint(product)") == "140"
    assert output("product = 0\n" + loop + "    product = product * price\nprint(product)") == "0"


def test_three_ifs_are_three_questions() -> None:
    """Three ifs print three lines for 92, a chain prints one, and its order decides which."""
    lines = ['if score >= 50: print("pass")', 'if score >= 70: print("merit")', 'if score >= 90: print("distinction")']

    def chain(tests: list[str]) -> str:
        return "\n".join([tests[0], *("el" + test for test in tests[1:])])

    assert output("score = 92\n" + "\n".join(lines)).split() == ["pass", "merit", "distinction"]
    assert output("score = 92\n" + chain(lines)) == "pass"
    ordered = chain(lines[::-1])
    assert [output(f"score = {score}\n{ordered}") for score in (92, 75, 50)] == ["distinction", "merit", "pass"]
    shop = 'total = 65\nif total >= 40: print("free delivery")\nif total >= 60: print("gift")'
    assert output(shop).splitlines() == ["free delivery", "gift"]


def test_assignment_keeps_no_formula() -> None:
    """A later change of the quantity does not reach the stored cost."""
    program = "price = 4\nqty = 3\ncost = price * qty\nqty = 10\n"
    assert output(program + "print(cost)") == "12"
    assert output(program + "cost = price * qty\nprint(cost)") == "40"
    assert output("a = 2\nb = a + 1\na = 50\nprint(b)") == "3"


def test_or_with_a_bare_word() -> None:
    """A bare non-empty word after or makes the test true for every answer."""
    bare = 'if answer == "y" or "yes":\n    print("starting")'
    whole = 'if answer == "y" or answer == "yes":\n    print("starting")'
    listed = 'if answer in ("y", "yes"):\n    print("starting")'
    assert [output(f'answer = "{answer}"\n{bare}') for answer in ("y", "yes", "no")] == ["starting"] * 3
    for repaired in (whole, listed):
        assert [output(f'answer = "{answer}"\n{repaired}') for answer in ("y", "yes", "no")] == ["starting", "starting", ""]
    assert output('answer = "no"\nprint(answer == "y")\nprint("yes")').split() == ["False", "yes"]
    assert output('print(bool(""), bool("cat"), bool("False"))') == "False True True"
    tests = [
        'colour != "red" or "blue"',
        'colour != "red" or colour != "blue"',
        'colour != "red" and colour != "blue"',
        'colour not in ("red", "blue")',
    ]
    verdicts = [[output(f'colour = "{colour}"\nprint(bool({test}))') for colour in ("red", "blue", "green")] for test in tests]
    assert verdicts == [["True"] * 3, ["True"] * 3, ["False", "False", "True"], ["False", "False", "True"]]


def test_shown_is_not_handed_back() -> None:
    """A function that prints hands back None, and adding two of them is a TypeError."""
    printing = "def area(w, h):\n    print(w * h)\n"
    returning = "def area(w, h):\n    return w * h\n"
    total = "total = area(3, 4) + area(5, 2)\n"
    shown = output(printing + total)
    assert shown.startswith("12\n10\n")
    assert shown.endswith("TypeError: unsupported operand type(s) for +: 'NoneType' and 'NoneType'")
    assert output(printing + "x = area(3, 4)\nprint(x)").split() == ["12", "None"]
    assert output(printing + "print(area)").startswith("<function area at 0x")
    assert output(returning + total) == ""
    assert output(returning + total + "print(total)") == "22"
    assert output("def half(n): return n / 2\ny = half(8) + 1\nprint(y)") == "5.0"
    assert output('print(len("owl") + 1)') == "4"
    assert output('print("owl") + 1').endswith("TypeError: unsupported operand type(s) for +: 'NoneType' and 'int'")


def test_two_names_for_one_list() -> None:
    """Assignment ties a second name to the same list, and a copy is a new list that shares its inner lists."""
    program = 'monday = ["milk", "rice"]\ntuesday = {}\ntuesday.append("eggs")\nprint(monday, tuesday is monday)'
    assert output(program.format("monday")) == "['milk', 'rice', 'eggs'] True"
    for copy in ("monday.copy()", "monday[:]", "list(monday)"):
        assert output(program.format(copy)) == "['milk', 'rice'] False"
    nested = 'week = [["milk"], ["rice"]]\nplan = week.copy()\nplan[0].append("tea")\nprint(week, plan is week, plan[0] is week[0])'
    assert output(nested) == "[['milk', 'tea'], ['rice']] False True"


def test_deleting_while_walking() -> None:
    """Removing from a list that a loop walks over skips the next element, and an empty list is walked over without a crash."""
    program = "nums = [2, 4, 6, 7, 8]\nfor n in nums:\n    print(n, nums)\n    if n % 2 == 0:\n        nums.remove(n)\nprint(nums)"
    assert output(program).splitlines() == ["2 [2, 4, 6, 7, 8]", "6 [4, 6, 7, 8]", "8 [4, 7, 8]", "[4, 7]"]
    assert output(program.replace("in nums:", "in nums[:]:")).splitlines()[-1] == "[7]"
    assert [[n for n in nums if n % 2 == 1] for nums in ([2, 4, 6, 7, 8], [])] == [[7], []]


def test_recursion_on_the_way_back() -> None:
    """The waiting calls print after the base case, from the innermost outwards."""
    program = "def show(n):\n    if n == 0:\n        return\n{}    show(n - 1)\n    print(n)\nshow(3)"
    assert output(program.format("")).split() == ["1", "2", "3"]
    assert output(program.format("    print(n)\n")).split() == ["3", "2", "1", "1", "2", "3"]
    assert output('def inner():\n    return\ndef outer():\n    inner()\n    print("out")\nouter()') == "out"


def test_null_equals_nothing() -> None:
    """A comparison with NULL is NULL and selects no row, IS NULL selects the missing values."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE loans (title TEXT, returned TEXT)")
    rows = [("Emma", "2024-05-01"), ("Dune", "2024-05-07"), ("Momo", None), ("Heidi", None)]
    database.executemany("INSERT INTO loans VALUES (?, ?)", rows)

    def titles(condition: str) -> list[str]:
        return [title for (title,) in database.execute("SELECT title FROM loans WHERE " + condition)]  # noqa: S608

    assert titles("returned = NULL") == []
    assert titles("returned IS NULL") == ["Momo", "Heidi"]
    assert titles("returned <> '2024-05-01'") == ["Dune"]
    assert titles("returned <> '2024-05-01' OR returned IS NULL") == ["Dune", "Momo", "Heidi"]
    assert database.execute("SELECT 1 = 1").fetchone() == (1,)
    assert database.execute("SELECT NULL = NULL").fetchone() == (None,)
    database.close()


def test_timeout_zero_still_waits() -> None:
    """A callback with delay 0 runs after the code that is already running."""
    log: list[str] = []

    async def script() -> None:
        user = ["nobody"]

        def callback() -> None:
            log.append("callback")
            user[0] = "Noor"

        asyncio.get_running_loop().call_later(0, callback)
        log.extend([user[0], "end"])
        await asyncio.sleep(0.01)
        log.append(user[0])

    asyncio.run(script())
    assert log == ["nobody", "end", "callback", "Noor"]


def test_timeout_zero_still_waits_in_node() -> None:
    """The JavaScript of the dialogue logs nobody, end, callback, and an async call gives a pending Promise."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed")

    def logged(source: str) -> list[str]:
        return subprocess.run([node, "-e", source], capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()

    timer = 'setTimeout(() => { console.log("callback"); user = "Noor"; }, 0);'
    assert logged(f'let user = "nobody"; {timer} console.log(user); console.log("end");') == ["nobody", "end", "callback"]
    fetching = "const wait = () => new Promise(done => setTimeout(done, 5)); async function fetchScores() { await wait(); return [3]; }"
    assert logged(f"{fetching} const s = fetchScores(); console.log(s);") == ["Promise { <pending> }"]
    assert logged(f"{fetching} (async () => {{ console.log(await fetchScores()); }})();") == ["[ 3 ]"]
    busy = "setTimeout(() => console.log('ring'), 0); const t = Date.now(); while (Date.now() - t < 50); console.log('script done');"
    assert logged(busy) == ["script done", "ring"]


def test_nine_beats_ten_as_text() -> None:
    """As text 9 is greater than 10, while single digits compare as numbers do."""
    assert "9" > "10"
    assert all((str(a) > str(b)) == (a > b) for a in range(10) for b in range(10))
    assert "az" < "b"


def test_range_stops_before_ten() -> None:
    """The end value of range is left out."""
    assert sum(range(1, 10)) == 45
    assert sum(range(1, 11)) == 55
    assert list(range(5, 21))[-1] == 20


def test_prime_test_leaves_early() -> None:
    """The copied function calls 9 a prime, is right for 7 and 8, and looks only at i = 2."""

    def is_prime(n: int) -> bool | None:
        for i in range(2, n):
            if n % i == 0:
                return False
            return True
        return None

    assert 9 % 2 == 1
    assert (is_prime(7), is_prime(8), is_prime(9)) == (True, False, True)


def test_binary_search_on_shuffled_names() -> None:
    """Binary search on the shuffled names loses two of them, Ada and Ben, and finds Zoe."""
    names = ["Mei", "Ada", "Tom", "Ben", "Zoe"]

    def found(name: str) -> bool:
        low, high = 0, len(names) - 1
        while low <= high:
            middle = (low + high) // 2
            if names[middle] == name:
                return True
            low, high = (low, middle - 1) if name < names[middle] else (middle + 1, high)
        return False

    assert names[2] == "Tom"
    assert [name for name in sorted(names) if not found(name)] == ["Ada", "Ben"]
    assert found("Zoe")
    assert "Ben" < "Tom" < "Zoe"


def test_point_one_plus_point_two() -> None:
    """Tenths are cut off in binary, halves and quarters are not."""
    assert 0.1 + 0.2 != 0.3
    assert repr(0.1 + 0.2) == "0.30000000000000004"
    assert 0.5 + 0.25 == 0.75
    assert math.isclose(0.1 + 0.2, 0.3, abs_tol=0.005)


def test_default_list_remembers() -> None:
    """The default list is made once and keeps what is put into it."""
    made = []

    def noisy() -> list[int]:
        made.append("made")
        return []

    def add(x: int, bag: list[int] = noisy()) -> list[int]:  # noqa: B008
        bag.append(x)
        return bag

    assert made == ["made"]
    assert [list(add(1)), list(add(2)), list(add(3, [9]))] == [[1], [1, 2], [9, 3]]
    assert add.__defaults__ == ([1, 2],)
    assert made == ["made"]


def test_doubling_outer_loop_cost() -> None:
    """The calls add up to less than 2n."""

    def calls(n: int) -> int:
        i, total = 1, 0
        while i < n:
            total += i
            i *= 2
        return total

    assert (calls(16), calls(32)) == (15, 31)
    assert all(calls(n) < 2 * n for n in range(1, 2000))
    assert sum(2**k for k in range(6)) == 63 < 64


def test_score_starts_at_forty() -> None:
    """A score that is never set keeps the last game's points."""
    score = 40
    score += 1
    assert score == 41
    for _ in range(5):
        score = 0
        score += 1
    assert score == 1
