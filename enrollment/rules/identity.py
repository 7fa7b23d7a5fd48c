"""What the optional section Language, Ethnicity & Identity offers (FAM_02..04). Pure.

Asked under 45 CFR 92 and section 4302 of the Affordable Care Act for service in the right language only: never part of
rating, reports or exports (FAM_05). The answers are kept in these words.
"""

HISPANIC = ("Mexican", "Cuban", "Puerto Rican", "Chicano", "Mexican American", "Other")
IDENTITIES = (
    "White",
    "Black or African American",
    "American Indian or Alaskan Native",
    "Asian Indian",
    "Chinese",
    "Filipino",
    "Japanese",
    "Korean",
    "Vietnamese",
    "Other Asian",
    "Native Hawaiian",
    "Guamanian or Chamorro",
    "Samoan",
    "Other Pacific Islander",
    "Other",
)
SPOKEN_ONLY = ("American Sign Language",)
LANGUAGES = (
    "English",
    "Spanish",
    "Arabic",
    "Chinese (Cantonese)",
    "Chinese (Mandarin)",
    "French",
    "German",
    "Gujarati",
    "Hindi",
    "Italian",
    "Korean",
    "Laotian",
    "Navajo",
    "Persian (Farsi)",
    "Polish",
    "Russian",
    "Tagalog",
    "Urdu",
    "Vietnamese",
    "Other",
)
# The columns in which the answers are kept: what no table, report or export may show.
COLUMNS = ("spoken_language", "written_language", "hispanic", "identities")


def spoken_languages() -> list[str]:
    return [*LANGUAGES[:-1], *SPOKEN_ONLY, LANGUAGES[-1]]
