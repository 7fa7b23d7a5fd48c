"""File names people send, made safe to show, to store and to hand back."""

import re
import unicodedata

LONGEST = 150
LONGEST_EXTENSION = 10
# Device names of Windows: a download of that name cannot be saved there.
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])")
# Not allowed in Windows file names; harmless elsewhere, and nobody misses them.
ILLEGAL = re.compile(r'[<>:"|?*]')
# Control, format (bidi marks and zero-width characters are among them), surrogate, private and unassigned characters,
# line and paragraph separators: what a reader cannot see or what turns the name round.
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def safe_name(sent: str, *, fallback: str = "file") -> str:
    """``sent`` without folders, unseen characters and what file systems dislike, in NFC, at most 150 characters.

    Readable letters of every script stay as they are; ``fallback`` names what has none.
    """
    spare_stem = fallback.rpartition(".")[0] or fallback
    name = re.split(r"[/\\]", sent)[-1]
    name = "".join(char for char in unicodedata.normalize("NFC", name) if unicodedata.category(char) not in UNSEEN)
    name = ILLEGAL.sub("_", name)
    name = re.sub(r"\s+", " ", name).strip(" .") if name.strip(" .") else ""
    if not name:
        return fallback
    if "." not in name and re.search(r"\.[A-Za-z0-9]{1,10}\s*$", sent):
        return f"{spare_stem}.{name}"  # only the extension was left of it: ".pdf"
    stem, dot, extension = name.rpartition(".")
    if not dot:
        stem, extension = name, ""
    extension = extension[:LONGEST_EXTENSION].strip()
    stem = stem.strip(" .") or spare_stem
    if RESERVED.fullmatch(stem.split(".")[0].strip()):
        stem = f"_{stem}"
    room = LONGEST - len(extension) - len(dot)
    return f"{stem[:room].strip(' .')}{dot}{extension}"


def extension_of(name: str) -> str:
    """The part after the last dot in lower case, empty without one."""
    stem, dot, extension = name.rpartition(".")
    return extension.lower() if dot and stem else ""
