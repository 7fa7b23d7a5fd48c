"""Passwords with the rules they break, worked out from the guide's table by construction and not from the code (D6).

Every password starts from a text that obeys all rules, and one thing, or a few, is put in or taken out.
"""

OK: frozenset[str] = frozenset()
LETTERS, DIGITS = "abcdefghijklmnopqrstuvwxyz", "0123456789"
TERMS = [
    "Appl",
    "Asdf",
    "Basic",
    "Cadam",
    "Demo",
    "Focus",
    "Game",
    "Net",
    "New",
    "Pas",
    "Ros",
    "Sign",
    "Sys",
    "Tso",
    "Valid",
    "Vtam",
    "Log",
]
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def _around(part: str) -> str:
    """A good password with ``part`` in the middle; neither side touches it with a letter or a digit."""
    return f"Vk7!{part}#zW2q"


def _three_ways(terms: list[str], broken: str) -> list[tuple[str, frozenset[str]]]:
    written = [form for term in terms for form in (term, term.lower(), term.upper())]
    return [(_around(form), frozenset({broken})) for form in written]


def _runs() -> list[tuple[str, frozenset[str]]]:
    upwards = [line[i] + line[i + 1] + line[i + 2] for line in (LETTERS, DIGITS) for i in range(len(line) - 2)]
    both = [*upwards, *("".join(reversed(run)) for run in upwards)]
    return [(_around(run), frozenset({"sequence"})) for run in both]


def cases() -> list[tuple[str, frozenset[str]]]:
    """Pairs of a password and the codes of the rules it breaks."""
    return [
        ("Harbor#Kite58", OK),
        # PWD_01: 8 to 40 characters
        ("Vk7!zW2", frozenset({"length"})),
        ("Vk7!zW2q", OK),
        ("Vk7!" * 10, OK),
        ("Vk7!" * 10 + "z", frozenset({"length"})),
        ("Vk7!" * 10 + "\n", frozenset({"length"})),
        ("Vk7!z\U0001f511W", frozenset({"length"})),  # seven characters, whatever they cost in bytes
        ("Vk7!z\U0001f511Wq", OK),
        ("", frozenset({"length", "uppercase", "lowercase", "digit", "special"})),
        # PWD_02: upper case, lower case, digit
        ("vk7!zw2q", frozenset({"uppercase"})),
        ("VK7!ZW2Q", frozenset({"lowercase"})),
        ("Vkt!zWhq", frozenset({"digit"})),
        ("\u00c9k7!z2qw", frozenset({"uppercase"})),  # only A to Z count
        ("VK7!Z2QW\u00e9", frozenset({"lowercase"})),
        ("Vkt!zWhq\u0663", frozenset({"digit"})),  # only 0 to 9 count
        ("12345678", frozenset({"uppercase", "lowercase", "special", "sequence"})),
        # PWD_03: each special character alone; others do not count, and do no harm
        *((f"Vk7{sign}zW2q", OK) for sign in "~!@#$%^&*(){}"),
        *((f"Vk7{sign}zW2q", frozenset({"special"})) for sign in ".,;:?/\\|'\"`<>[] \u20ac"),
        *((f"Vk7!{sign}zW2q", OK) for sign in ".,;:?/\\|'\"`<>[] \u20ac"),
        ("Vk7xzW2q", frozenset({"special"})),
        # PWD_04: the four of the other column
        *((f"Vk7!{sign}zW2q", frozenset({"refused_character"})) for sign in "=_-+"),
        *((f"Vk7{sign}zW2q", frozenset({"refused_character", "special"})) for sign in "=_-+"),
        # PWD_05: three neighbours, up or down, any case; two are allowed, and nothing goes round the end
        *_runs(),
        (_around("aBc"), frozenset({"sequence"})),
        (_around("CbA"), frozenset({"sequence"})),
        *(
            (_around(part), OK)
            for part in ("12", "129", "ab", "abd", "acb", "cba"[:2], "yza", "zab", "890"[1:], "901", "9ab")
        ),
        # PWD_06: the same character three times, any case
        *((_around(sign * 3), frozenset({"repetition"})) for sign in "1aZ7q*."),
        (_around("aAa"), frozenset({"repetition"})),
        (_around("QqQ"), frozenset({"repetition"})),
        *((_around(part), OK) for part in ("11", "aa", "aAbAa", "1221")),
        ("Vk7!!!zW2q", frozenset({"repetition"})),
        ("Vk7!   zW2q", frozenset({"repetition"})),
        # PWD_07 and PWD_08: parts of words as well
        *_three_ways(MONTHS, "month"),
        *_three_ways(DAYS, "day"),
        *_three_ways(TERMS, "restricted_term"),
        ("Market9!", frozenset({"month"})),
        ("Sunrise#42", frozenset({"day"})),
        ("Planet&Kite5", frozenset({"restricted_term"})),
        ("Password1!", frozenset({"restricted_term"})),
        ("Sundog#Maymar1", frozenset({"day", "month"})),
        (_around("Ap pl"), OK),
        (_around("J4n"), OK),
        (_around("S\u0435p"), OK),  # the middle letter is Cyrillic
        # several at once
        ("abc", frozenset({"length", "uppercase", "digit", "special", "sequence"})),
        ("AAA111", frozenset({"length", "lowercase", "special", "repetition"})),
        ("newsys_log", frozenset({"uppercase", "digit", "special", "restricted_term", "refused_character"})),
        ("Mon=Jan+Net", frozenset({"digit", "special", "day", "month", "restricted_term", "refused_character"})),
    ]
