"""Facts that can be counted in the language arts dialogues."""

import re


def words(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return re.findall(r"[a-z']+", text.lower())


def test_full_stops_and_line_ends() -> None:
    """The story holds three finished thoughts, while a stop after the first line cuts one in two."""
    story = "My dog ran to the park. He saw a cat. He barked at it."
    assert story.count(".") == 3
    assert story.startswith("My dog ran to the park.")
    first_line = "My dog ran to the."
    assert first_line.rstrip(".") + " park." == story.split(" He ", maxsplit=1)[0]


def test_silent_e_in_kite() -> None:
    """Every silent e in the dialogue stands one consonant after the vowel that says its name."""
    for word, vowel in (("cake", "a"), ("kite", "i"), ("hope", "o")):
        assert word[-1] == "e"
        assert word[-3] == vowel
        assert word[-2] not in "aeiou"
    assert "hope"[:-1] == "hop"


def test_simile_or_just_like() -> None:
    """Searching for the word like finds three sentences, of which one is a comparison of unlike things."""
    sentences = {
        "My brothers like soup.": False,
        "The soup was hot like lava.": True,
        "It looks like rain.": False,
    }
    assert sum("like" in words(sentence) for sentence in sentences) == 3
    assert [number for number, simile in enumerate(sentences.values(), start=1) if simile] == [2]
    for metaphor in ("My sister is a tornado", "The classroom is a zoo."):
        assert not {"like", "as"} & set(words(metaphor))
    assert "like" in words("my sister spins like a tornado")


def test_poems_without_rhyme() -> None:
    """The line the student complains about has two words, and reading straight through gives the quoted sentence."""
    poem = ["Bus stop, six a.m.", "My breath", "leaves before I do."]
    assert len(words(poem[1])) == 2
    assert " ".join(poem[1:]) == "My breath leaves before I do."


def stresses(scansion: str) -> list[bool]:
    """Return one flag per syllable; a syllable in capitals is stressed."""
    return [syllable.isupper() for syllable in scansion.replace("-", " ").split()]


def test_ten_syllables_is_not_iambic() -> None:
    """Ten syllables can be five trochees or five iambs, and eleven can still carry five beats."""
    soft_strong = [False, True] * 5
    never = stresses("NEV-er WOR-ry SU-san NEV-er HUR-ry")
    assert len(never) == 10
    assert never == [True, False] * 5
    sonnet = stresses("when I do COUNT the CLOCK that TELLS the TIME")
    assert sonnet == soft_strong
    fixed = stresses("oh NEV-er WOR-ry SU-san NEV-er FEAR")
    assert fixed == soft_strong
    kept = stresses("oh NEV-er WOR-ry SU-san NEV-er HUR-ry")
    assert len(kept) == 11
    assert kept == [*soft_strong, False]
    hamlet = "to be or not to be that is the ques-tion".replace("-", " ").split()
    assert len(hamlet) == 11


def test_paraphrase_is_not_synonym_swapping() -> None:
    """Ten of the fourteen words of the source stay in place and four are swapped."""
    source = words("Urban trees lower summer temperatures because their leaves shade pavements and release water vapour")
    draft = words("City trees reduce summer temperatures since their leaves shade pavements and emit water vapour")
    assert len(source) == len(draft) == 14
    kept = sum(left == right for left, right in zip(source, draft, strict=True))
    assert kept == 10
    assert len(source) - kept == 4
    rewritten = words("Streets with trees stay cooler in summer, partly through shade and partly through the moisture that leaves give off")
    assert len(set(rewritten) & set(source)) < kept


def test_what_the_bee_page_says() -> None:
    """The paragraph has six sentences, and one of them is about the dark."""
    text = (
        "A bee that finds good flowers flies home. On the comb it runs in a line and wags its body. "
        "The line shows the way to the flowers. A longer dance means a longer trip. "
        "Some dances go on all day in the dark. The other bees follow and then fly out to the food."
    )
    sentences = text.rstrip(".").split(". ")
    assert len(sentences) == 6
    assert sum("dark" in s for s in sentences) == 1


def test_ghost_story_tense_jumps() -> None:
    """Three of the six verbs are in the present."""
    verbs = ["walked", "was", "grabs", "scream", "runs", "went"]
    assert len(verbs) == 6
    assert sum(v in {"grabs", "scream", "runs"} for v in verbs) == 3
