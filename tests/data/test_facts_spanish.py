"""Facts that can be computed in the Spanish dialogues."""


def clock(hour: int, minute: int) -> int:
    """Return a time as minutes after midnight."""
    return 60 * hour + minute


def menos(hour: int, minutes: int) -> int:
    """Return the time named by 'las <hour> menos <minutes>'."""
    return clock(hour, 0) - minutes


def test_telling_time_with_menos() -> None:
    """Menos counts back from the coming hour, so counting back from the past hour is an hour early."""
    assert menos(4, 20) == clock(3, 40)
    assert menos(3, 20) == clock(2, 40)
    assert clock(3, 40) - menos(3, 20) == 60
    assert menos(7, 10) == clock(6, 50)
    assert menos(9, 5) == clock(8, 55)
    assert menos(9, 5) - 10 == clock(8, 45) == menos(9, 15)


def test_enye_is_its_own_letter() -> None:
    """The caption without the mark is another word, and ñ comes directly after n in the Spanish alphabet."""
    alphabet = "abcdefghijklmnñopqrstuvwxyz"
    assert len(alphabet) == 27
    assert alphabet.index("ñ") == alphabet.index("n") + 1
    assert "ordeña".replace("ñ", "n") == "ordena"
    assert "caña".replace("ñ", "n") == "cana"


def test_words_in_a_that_take_el() -> None:
    """The ending rule gives la for día and mapa and el for mano, which is wrong in all three cases."""
    article = {"casa": "la", "mesa": "la", "mapa": "el", "día": "el", "mano": "la"}

    def by_ending(noun: str) -> str:
        return "la" if noun.endswith("a") else "el"

    assert [noun for noun in article if by_ending(noun) != article[noun]] == ["mapa", "día", "mano"]


def test_two_negatives_one_no() -> None:
    """A negative word after the verb comes with no before it, and one before the verb stands alone."""
    for sentence, verb, negative in (
        ("no veo nada", "veo", "nada"),
        ("no viene nadie", "viene", "nadie"),
        ("nadie viene", "viene", "nadie"),
        ("nunca como carne", "como", "nunca"),
        ("no como carne nunca", "como", "nunca"),
    ):
        order = sentence.split()
        after = order.index(negative) > order.index(verb)
        assert after == (order[0] == "no")


def test_si_clauses_with_tuviera() -> None:
    """Dropping -ron from the third person plural preterite and adding -ra gives the forms in the dialogue."""

    def imperfect_subjunctive(preterite: str) -> str:
        return preterite.removesuffix("ron") + "ra"

    assert imperfect_subjunctive("pudieron") == "pudiera"
    assert imperfect_subjunctive("tuvieron") == "tuviera"
    assert imperfect_subjunctive("supieron") == "supiera"
    assert "dir" + "ía" == "diría"


def test_object_pronouns_before_the_verb() -> None:
    """The pronoun is chosen by the gender and number of the noun and stands before the conjugated verb."""
    pronoun = {("m", 1): "lo", ("f", 1): "la", ("m", 2): "los", ("f", 2): "las"}
    assert f"{pronoun['m', 1]} compro" == "lo compro"
    assert f"{pronoun['f', 2]} compro" == "las compro"
    assert "comprar" + pronoun["m", 1] == "comprarlo"
