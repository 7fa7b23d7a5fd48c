"""The sentences people type for their pattern, and the notice they agree to first (LOG_03, LOG_11).

Ordinary words of 36 to 44 characters, one capital at the start, no key very often: see docs/operations.md, The typing pattern.
"""

# By code, which is stored with each pattern: never change or take away a line, or those who typed it must enrol anew.
SENTENCES = {
    "S01": "My clients count on me to be here for them",
    "S02": "A quiet walk by the river clears my mind",
    "S03": "Fresh bread and coffee make a good morning",
    "S04": "We plan the garden while snow still falls",
    "S05": "Our train leaves the city just after six",
    "S06": "Bring a warm jacket for the boat trip home",
    "S07": "Good neighbors mend a fence before winter",
    "S08": "Six brown horses jump over the low hedges",
}

# The wording of templates/accounts/_typing_notice.html, stored with each consent. A new wording is a new version; a test
# holds the two together.
NOTICE_VERSION = "1.0"


def sentence_for(number: int) -> str:
    """The code of one of the sentences, evenly by any whole number."""
    return sorted(SENTENCES)[number % len(SENTENCES)]
