"""The panel of trust shows the reading of sense with its figures, or why it does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests import small_run
from tests.reporting.test_studies import written
from three_tutors.pipeline.records import write_jsonl
from three_tutors.reporting.evidence import gather
from three_tutors.reporting.sense_reading import sense_reading
from three_tutors.scoring.statistics import Interval
from three_tutors.trust import fitted_sense, sense_figures
from three_tutors.trust.sense_figures import HELD_OUT, UNSEEN, Follows, Measured, Sees, SenseFigures

FITTED = fitted_sense.FittedSense("base", 15, [0.5], 1.0, 2.0, {}, None, 12)


def figures(auc: float, rho: float) -> SenseFigures:
    """Return figures in which every kind is seen alike."""
    sees = {kind: Sees(Interval(auc, auc - 0.1, auc + 0.05), Interval(0.5, None, None), 40) for kind in fitted_sense.SENSELESS}
    follows = {"sense": [Follows(whose, Interval(rho, rho - 0.1, rho + 0.1), None, 80) for whose in ("", "within", "lora")]}
    return SenseFigures("", {UNSEEN: Measured("", 200, 30, sees, {}), HELD_OUT: Measured("", 1764, 231, sees, follows)})


@pytest.mark.parametrize(
    ("found", "said", "not_said"),
    [
        (
            figures(0.8, 0.36),
            "falls short with ρ 0.36 with ratings of sense, 80 % against template and 80 % against shuffled",
            "reaches all",
        ),
        (figures(0.97, 0.6), "The reading reaches all of it", "falls short"),
    ],
)
def test_what_is_missed_is_told_and_what_is_reached_is_not_called_missed(found: SenseFigures, said: str, not_said: str) -> None:
    """The sentence turns round with the figures, and the verdict rests on no reading either way."""
    told = sense_reading(found)
    assert told is not None
    assert said in told.sentence
    assert not_said not in told.sentence
    assert sense_reading(None) is None
    assert sense_reading(replace(found, files={UNSEEN: found.files[UNSEEN]})) is None


def test_the_panel_has_the_row_and_its_table(tmp_path: Path) -> None:
    """Current figures stand in the table of faults and, with intervals, by kind and by writer, with the files they are of."""
    evidence = replace(gather(small_run.write_run(tmp_path)), sense_figures=figures(0.8, 0.36))
    panel = written(evidence, tmp_path)["index.html"].partition('id="trust"')[2]
    faults = panel.partition("Which faults")[2].partition("Sense, read off")[0]
    assert "Makes sense, read off the base's states" in faults
    assert '<td class="figure" data-label="template"><b>80 %</b></td>' in faults
    table = panel.partition("Sense, read off the base's states</h3>")[2]
    assert "200 graded replies in 30 groups" in table
    assert "1,764 replies in 231 groups" in table
    assert "<b>80 %</b><small>70–85 %</small>" in table
    assert '<th scope="row">sense: lora</th>' in table
    assert "<b>0.36</b><small>0.26 – 0.46</small>" in table


def test_figures_of_other_replies_are_not_shown(tmp_path: Path) -> None:
    """Where the moments are others than were measured, the panel says what to run and tells no figure; without figures it is silent."""
    root = small_run.write_run(tmp_path)
    assert "read off the base's states" not in written(gather(root), root)["index.html"]
    write_jsonl(root / sense_figures.LEARNED, [])
    fitted_sense.write(FITTED, root / fitted_sense.FILE)
    sense_figures.write(replace(figures(0.8, 0.36), fitted=sense_figures.digest_of(FITTED)), root / sense_figures.FILE)
    page = written(gather(root), root)["index.html"]
    assert "tells figures of the reading of sense on other replies than the project has now: run `python -m" in page
    assert "read off the base's states" not in page
