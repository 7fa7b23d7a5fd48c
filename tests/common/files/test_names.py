import pytest

from portal.common.files.names import LONGEST, extension_of, safe_name

pytestmark = pytest.mark.no_db


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("proof.pdf", "proof.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\Rita\\proof.pdf", "proof.pdf"),
        ("proof\u202efdp.exe", "prooffdp.exe"),
        ("pro\x00of\r\n.pdf", "proof.pdf"),
        ("zero\u200bwidth.pdf", "zerowidth.pdf"),
        ("Z\u030cofia.pdf", "\u017dofia.pdf"),
        ("保険証.pdf", "保険証.pdf"),
        ('a<b>:"c|d?*.pdf', "a_b___c_d__.pdf"),
        ("  two   words .pdf", "two words.pdf"),
        ("CON.pdf", "_CON.pdf"),
        ("com1.tar.pdf", "_com1.tar.pdf"),
        (".pdf", "file.pdf"),
        ("", "file.pdf"),
        ("...", "file.pdf"),
        ("\u202e", "file.pdf"),
        ("folder/", "file.pdf"),
    ],
)
def test_names_are_made_safe_and_stay_readable(sent, stored):
    assert safe_name(sent, fallback="file.pdf" if not stored.endswith("exe") else "file") == stored


def test_a_long_name_keeps_its_extension():
    name = safe_name("x" * 400 + ".pdf")
    assert len(name) == LONGEST
    assert name.endswith("x.pdf")


def test_the_extension_is_what_follows_the_last_dot():
    assert extension_of("a.exe.PDF") == "pdf"
    assert extension_of("proof") == ""
