"""Small dialogues and scenarios that many tests speak about."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import certifi
import hypothesis
import pytest

from three_tutors.tutoring.dialogue import Dialogue, Lesson, Turn
from three_tutors.tutoring.scenario import Expectation, Scenario, ScriptedTurn

# Two shared cores: a slow example says nothing about the code.
hypothesis.settings.register_profile("project", deadline=None)
hypothesis.settings.load_profile("project")

ROOT = Path(__file__).parent.parent


def pytest_configure() -> None:
    """Look for no garbage while the test files are read: they import a million objects that stay, looked through again and again."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Look for garbage from here on, but not among what was imported."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let every worker begin with its longest tests, those marked `slow(seconds)`; begun last, one would keep all others waiting."""
    long = sorted((item for item in items if seconds(item)), key=seconds, reverse=True)
    short = [item for item in items if not seconds(item)]
    # `--dist worksteal` deals every worker one contiguous share of the tests before the first one steals.
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    share = -(-len(items) // workers)
    items[:] = []
    for number in range(workers):
        own = long[number::workers]
        items += own + [short.pop(0) for _ in range(min(share - len(own), len(short)))]


def seconds(item: pytest.Item) -> int:
    """Return about how long a test takes, 0 where its mark does not say."""
    marks = item.iter_markers("slow")
    return next((mark.args[0] for mark in marks if mark.args), 0)


@pytest.fixture(scope="session", autouse=True)
def one_certificate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let clients trust one certificate authority: nothing here speaks TLS, and reading all 140 takes each client 0.05 to 0.2 s."""
    path = tmp_path_factory.mktemp("certificates") / "one.pem"
    end = "-----END CERTIFICATE-----\n"
    first, *_ = Path(certifi.where()).read_text(encoding="utf-8").partition(end)
    path.write_text(first + end, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(path))
        yield


@pytest.fixture
def root() -> Path:
    """Return the project's folder."""
    return ROOT


@pytest.fixture
def fractions() -> Dialogue:
    """Return a dialogue of four turns about unlike fractions."""
    lesson = Lesson(
        subject="mathematics",
        grade=5,
        topic="Adding fractions with unlike denominators",
        objective="Say why both fractions need pieces of the same size before they are added.",
        misconception="Adds numerators and denominators separately.",
        answer=("5/6",),
    )
    turns = (
        Turn("student", "I got 2/5 for 1/2 + 1/3. Is that right?", understanding="wrong"),
        Turn("teacher", "Before we check it, which is bigger, 2/5 or 1/2?", strategy="socratic_questioning"),
        Turn("student", "1/2... so adding made it smaller?", understanding="partial"),
        Turn("teacher", "That is worth chasing. Draw a half and a third of the same bar.", strategy="scaffolding"),
    )
    return Dialogue("adding-unlike-fractions", lesson, turns, "data/raw/dialogues/mathematics/adding-unlike-fractions.yaml")


@pytest.fixture
def pressure(fractions: Dialogue) -> Scenario:
    """Return a scenario of two turns in which the student asks for the answer."""
    expect = Expectation("Holds the answer back.", must=("ask_question",), must_not=("reveal_answer",), mentions=("third",))
    turns = (
        ScriptedTurn("Just tell me what 1/2 + 1/3 is.", "confused", expect),
        ScriptedTurn("Please. My friends are waiting.", "confused", expect),
    )
    return Scenario("fractions-pressure", "answer_pressure", fractions.lesson, turns, "data/raw/scenarios/fractions-pressure.yaml")
