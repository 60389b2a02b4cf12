"""What a study shows, in sentences. One that compares is there because a test says so, corrected by Holm's method within its study."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from statistics import mean, stdev
from typing import Any

import numpy as np

from three_tutors.reporting.pages import count, listed, number, percent, plain
from three_tutors.scoring.metrics import mid_ranks
from three_tutors.scoring.statistics import holm
from three_tutors.studies.table import CONTRAST, MATCHING, RANKING, RATE, VALIDATION, Row
from three_tutors.tutoring.methods import METHODS, TUTORS
from three_tutors.tutoring.pairs import rewarded_by

SHARES = (MATCHING, RANKING, CONTRAST)
LEVEL = 0.05
SHUFFLES = 9999
NEXT_TO_NOTHING = 1e-12
"""What rounding may add to a sum."""
PRINTED = 0.0005
"""A smaller difference is printed as zero."""
AUTO = {"auto": 1.0}
"""What params.yaml says where a service takes its own rate once."""

Values = Mapping[str, Mapping[str, Sequence[float]]]
"""Tutor → setting in words → one value a run."""


def setting_of(row: Row) -> str:
    """Return the settings of a row in words, without the seed."""
    return ", ".join(f"{name.rpartition('.')[2]} {value}" for name, value in row.setting.items() if not name.endswith(".seed"))


def told(figure: str, value: float) -> str:
    """Return a value as it is printed: shares in per cent, losses and scores as numbers."""
    if figure == RATE:
        return f"{value:g}"
    return percent(value, 1) if figure in SHARES else number(value, 3)


def of_seeds(grouped: Mapping[str, Values]) -> list[str]:
    """Return how far each figure varies with the seed, and which tutors another seed may turn round."""
    sentences: list[str] = []
    tests: dict[tuple[str, str, str], tuple[list[float], list[float]]] = {}
    for figure, of in grouped.items():
        values = {tutor: list(itertools.chain(*some.values())) for tutor, some in of.items()}
        several = {tutor: some for tutor, some in values.items() if len(some) > 1}
        ranges = [
            f"{tutor} {told(figure, mean(some))} ({told(figure, min(some))} – {told(figure, max(some))}, {count(len(some), 'training')}, "
            f"standard deviation {told(figure, stdev(some))})"
            for tutor, some in several.items()
        ]
        if ranges:
            sentences.append(f"{plain(figure).capitalize()} with other seeds: {listed(ranges)}.")
        if figure in SHARES:
            tests |= {(figure, one, two): (several[one], several[two]) for one, two in itertools.combinations(several, 2)}
    adjusted = holm({str(key): exact_p(*pair) for key, pair in tests.items()})
    level = []
    for (figure, one, two), pair in tests.items():
        gap, p = mean(pair[0]) - mean(pair[1]), adjusted[str((figure, one, two))]
        if p < LEVEL:
            first, second = (one, two) if gap > 0 else (two, one)
            sentences.append(
                f"Training again does not turn {first} and {second} round in {figure}: {first} is ahead by {abs(gap) * 100:.0f} points "
                f"(p {max(p, 0.001):.3f}, exact test)."
            )
        else:
            level.append(f"{one} and {two} in {figure}")
    if level:
        sentences.append(f"Training again may turn these round, as no difference between seeds is shown: {'; '.join(level)}.")
    if sentences:
        sentences.append("Every training met the same moments, so this says nothing about other moments; the verdict covers both.")
    return sentences


def of_sizes(grouped: Mapping[str, Values]) -> list[str]:
    """Return each figure by the number of training dialogues, and for which tutors a trend is shown."""
    sentences, trends = [], {}
    for figure, of in grouped.items():
        for tutor, some in of.items():
            sizes = sorted((size for size in some if size.isdigit()), key=int)
            if len(sizes) > 2:  # noqa: PLR2004 - two sizes are no trend
                trends[figure, tutor] = [(float(size), value) for size in sizes for value in some[size]]
                each = listed([f"{told(figure, mean(some[size]))} with {size}" for size in sizes])
                sentences.append(f"{tutor}, {plain(figure)} by training dialogues: {each}.")
    found = {key: trend_p(points) for key, points in trends.items()}
    adjusted = holm({str(key): p for key, (_, p) in found.items()})
    helped: dict[str, list[str]] = {"helped": [], "hurt": [], "": []}
    for (figure, tutor), (correlation, _) in found.items():
        up, p = correlation > 0, adjusted[str((figure, tutor))]
        better = up if figure != VALIDATION or not METHODS[tutor].is_trained else not up  # a loss is better lower
        helped[("helped" if better else "hurt") if p < LEVEL else ""].append(f"{tutor} in {plain(figure)}")
    sentences += [
        f"More dialogues {did}: {listed(helped[did])} (rank correlation, permutation test, p below 5 %)."
        for did in ("helped", "hurt")
        if helped[did]
    ]
    if helped[""]:
        sentences.append(f"No effect of the number of dialogues is shown for {listed(helped[''])}.")
    if trends:
        sentences.append("A few seeds a size show a trend and cannot tell two neighbouring sizes apart.")
    return sentences


def of_bases(grouped: Mapping[str, Values]) -> list[str]:
    """Return each figure on each base, and whether the order of the tutors is the same on all of them."""
    sentences = []
    for figure, of in grouped.items():
        bases = list(dict.fromkeys(base for some in of.values() for base in some))
        everywhere = [tutor for tutor, some in of.items() if all(base in some for base in bases)]
        if figure in SHARES and len(bases) > 1 and len(everywhere) > 1:
            orders = {base: sorted(everywhere, key=lambda tutor: -mean(of[tutor][base])) for base in bases}
            same = len({tuple(order) for order in orders.values()}) == 1
            shown = "; ".join(f"{base}: {', '.join(order)}" for base, order in orders.items())
            sentences.append(f"By {figure} the order is {'the same' if same else 'not the same'} on {len(bases)} bases ({shown}).")
    if sentences:
        sentences.append("Each is one training, which was not tested: another seed may turn an order round.")
    return [*of_settings(grouped), *sentences]


def of_pairs(grouped: Mapping[str, Values]) -> list[str]:
    """Return what `of_seeds` does, without the figures that were the reward of a tutor, and which these are."""
    told_of: dict[str, Values] = {}
    sentences = []
    for figure, of in grouped.items():
        rewarded = [tutor for tutor in of if figure in rewarded_by(TUTORS[tutor].pairs)]
        told_of[figure] = {tutor: values for tutor, values in of.items() if tutor not in rewarded}
        if rewarded:
            sentences.append(f"{plain(figure).capitalize()} was the reward of {listed(rewarded)}: what is won there measures nothing.")
    return [*of_seeds(told_of), *sentences]


def of_settings(grouped: Mapping[str, Values]) -> list[str]:
    """Return each figure by tutor and setting."""
    sentences = []
    for figure, of in grouped.items():
        parts = [
            f"{f'{tutor} {setting}'.strip()} {told(figure, mean(values))}" for tutor, some in of.items() for setting, values in some.items()
        ]
        sentences.append(f"{plain(figure).capitalize()}: {', '.join(parts)}.")
    return sentences


def of_search(rows: Sequence[Row], sections: Mapping[str, Any]) -> list[str]:
    """Return for each tutor the setting with the lowest loss, and how far that of params.yaml is from it."""
    sentences = []
    for tutor in METHODS:
        losses = [row for row in rows if (row.tutor, row.figure) == (tutor, VALIDATION)]
        if not losses:
            continue
        lowest = min(losses, key=lambda row: row.value)
        chosen = [row for row in losses if all(_same(sections, key, value) for key, value in row.setting.items())]
        text = f"{tutor}: lowest validation loss {lowest.value:.3f} of {count(len(losses), 'setting')}, with {setting_of(lowest)}."
        if not chosen:
            text += " The setting of params.yaml is not among them."
        elif (gap := chosen[-1].value - lowest.value) >= PRINTED:
            text += f" The setting of params.yaml is {gap:.3f} nats above it."
        else:
            text += " It is the setting of params.yaml."
        sentences.append(text)
    return [*sentences, "Each setting was trained once: smaller gaps than other seeds make are no reason to choose."] if sentences else []


def exact_p(one: Sequence[float], two: Sequence[float]) -> float:
    """Return the two-sided p of equal means: in how many of all ways to deal the values out the means lie as far apart."""
    pooled, gap = [*one, *two], abs(mean(one) - mean(two))
    total, size, rest = sum(pooled), len(one), len(two)
    gaps = [abs(sum(dealt) / size - (total - sum(dealt)) / rest) for dealt in itertools.combinations(pooled, size)]
    return sum(found >= gap - NEXT_TO_NOTHING for found in gaps) / len(gaps)


def trend_p(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return Spearman's correlation of the points and the two-sided p of none, from shuffles with a fixed seed."""
    first, second = (mid_ranks([point[place] for point in points]) for place in (0, 1))
    if not first.std() or not second.std():
        return 0.0, 1.0
    found = float(np.corrcoef(first, second)[0, 1])
    draw = np.random.default_rng(1)
    others = [float(np.corrcoef(first, draw.permutation(second))[0, 1]) for _ in range(SHUFFLES)]
    return found, (1 + sum(abs(one) >= abs(found) - NEXT_TO_NOTHING for one in others)) / (SHUFFLES + 1)


def _same(sections: Mapping[str, Any], name: str, value: str) -> bool:
    section, _, key = name.partition(".")
    given: Any = (sections.get(section) or {}).get(key)
    try:
        return abs(float(AUTO.get(str(given), given)) - float(value)) < NEXT_TO_NOTHING
    except (TypeError, ValueError):
        return str(given) == value
