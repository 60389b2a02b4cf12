from __future__ import annotations

import signal

import pytest

from three_tutors.language_model.stopping import SIGNALS, stopping


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_asks_and_the_second_stops(number: signal.Signals, capsys: pytest.CaptureFixture[str]) -> None:
    """Once asked, the process goes on and says so; asked again, it stops at once. Afterwards signals mean what they did before."""
    before = signal.getsignal(number)
    with stopping() as stop:
        assert not stop()
        signal.raise_signal(number)
        assert stop()
        assert "Stopping after this step" in capsys.readouterr().err
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert signal.getsignal(number) == before
