from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from three_tutors.language_model.stopping import SIGNALS, stopping


class HeardError(Exception):
    """Raised by the handler that was there before."""


@pytest.fixture
def heard() -> Iterator[list[int]]:
    """Install a handler that notes its signals and raises."""
    numbers: list[int] = []

    def hear(number: int, _: object) -> None:
        numbers.append(number)
        raise HeardError

    before = {number: signal.signal(number, hear) for number in SIGNALS}
    yield numbers
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_asks_and_the_second_stops(number: signal.Signals, heard: list[int], capsys: pytest.CaptureFixture[str]) -> None:
    """Once asked, the process goes on and says so; asked again, the signal does at once what it did before."""
    with stopping() as stop:
        assert not stop()
        signal.raise_signal(number)
        assert (stop(), heard) == (True, [])
        assert "Stopping after this step" in capsys.readouterr().err
        with pytest.raises(HeardError):
            signal.raise_signal(number)
    assert heard == [number]


def give_up(number: signal.Signals) -> None:
    """Get a signal and give up."""
    with stopping():
        signal.raise_signal(number)
        raise KeyboardInterrupt


@pytest.mark.parametrize("number", SIGNALS)
def test_a_block_that_gives_up_passes_the_signal_on(number: signal.Signals, heard: list[int]) -> None:
    """Who raises KeyboardInterrupt because of a signal ends as the signal would have ended it before; a block that finishes does not."""
    with stopping():
        signal.raise_signal(number)
    assert heard == []
    with pytest.raises(HeardError):
        give_up(number)
    assert heard == [number]
