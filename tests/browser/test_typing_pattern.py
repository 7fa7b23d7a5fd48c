"""In a real browser with real keys: enrol at the first login, verify by typing, another hand and a paste are refused."""

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import CDPSession, Page, expect

from accounts.models import TypingProfile, User
from accounts.services import typing_patterns
from accounts.typing_pattern.samples import TypedLine
from portal.common import outbox
from portal.common.models import MailboxEntry
from tests.support.factories import PASSWORD, ProducerFactory, UserFactory
from tests.support.key_events import SENTENCE, SENTENCE_CODE
from tests.support.typists import Typist

FASTER = -0.75  # the rhythm of a hand at half the time, so that the test does not take a minute


@pytest.fixture(autouse=True)
def one_sentence(monkeypatch):
    monkeypatch.setattr(typing_patterns, "sentence_for", lambda _number: SENTENCE_CODE)


@pytest.fixture
def rita() -> User:
    record = ProducerFactory(record_email="rita@record.example", record_mobile="3125550001")
    return UserFactory(producer=record, typing_choice=User.TypingChoice.ASK)


def press_keys(devtools: CDPSession, line: TypedLine, sentence: str) -> None:
    """Press and let go of each key in its time, through the browser's own input.

    Each event carries the moment it was due, which its timeStamp then tells: on a busy machine it would come late.
    """
    moments = []
    for place, character in enumerate(sentence):
        again = sentence.find(character, place + 1)
        latest = line.press[again] - 2 if again > 0 else line.release[place]
        moments.append((line.press[place], "keyDown", character))
        moments.append((min(line.release[place], latest), "keyUp", character))
    started = time.time()
    for at_ms, kind, character in sorted(moments):
        due = started + at_ms / 1000
        time.sleep(max(due - time.time(), 0))
        key = {"key": character, "code": "Space" if character == " " else f"Key{character.upper()}"}
        text = {"text": character} if kind == "keyDown" else {}
        devtools.send(
            "Input.dispatchKeyEvent",
            {"type": kind, "timestamp": due, "windowsVirtualKeyCode": ord(character.upper()), **key, **text},
        )


def type_lines(page: Page, typist: Typist) -> None:
    devtools = page.context.new_cdp_session(page)
    page.get_by_label("Line 1 of 3").focus()
    for number, line in enumerate(typist.day(), start=1):
        press_keys(devtools, line, typist.sentence)
        expect(page.locator(f"#typing-{number}-state")).to_have_text("Typed.")
        if number < 3:
            page.keyboard.press("Enter")
    devtools.detach()


def log_in(page: Page, user: User) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Username").fill(user.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log In").click()


def give_code(page: Page) -> None:
    page.get_by_role("button", name="Send Code").click()
    page.locator("[name=code]").wait_for()
    outbox.sweep()
    page.locator("[name=code]").fill(MailboxEntry.objects.latest("id").code)
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url("**/")


def choose_pattern(page: Page) -> None:
    page.get_by_label("Prompt me for personalized keyboard typing pattern").check()
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Line 1 of 3").wait_for()
    page.wait_for_load_state()  # keys that come before the script are not seen by it


@pytest.mark.feature("LOG_03")
@pytest.mark.feature("LOG_04")
@pytest.mark.feature("LOG_05")
@pytest.mark.feature("LOG_08")
@pytest.mark.feature("LOG_11")
@pytest.mark.feature("LOG_12")
def test_from_the_first_login_to_one_by_typing(rita, new_context, assert_accessible: Callable[[Page], None]):
    owner, other = Typist(5, SENTENCE, slow=FASTER), Typist(25, SENTENCE, slow=FASTER)
    page = new_context().new_page()
    log_in(page, rita)
    page.wait_for_url("**/accounts/typing-pattern/")
    assert_accessible(page)
    type_lines(page, owner)
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("[data-typing-problem]")).to_contain_text("Tick the box")
    expect(page.locator("#id_consent")).to_be_focused()
    page.locator("#id_consent").check()
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url("**/accounts/verify/")
    expect(page.get_by_label("Prompt me for personalized keyboard typing pattern")).to_have_count(0)
    give_code(page)
    assert TypingProfile.objects.get().user == rita

    page = new_context().new_page()
    log_in(page, rita)
    page.wait_for_url("**/accounts/verify/")
    expect(page.get_by_role("radio")).to_have_count(3)
    choose_pattern(page)
    assert_accessible(page)
    type_lines(page, other)
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("You have 4 tries left.")).to_be_visible()
    type_lines(page, owner)
    page.get_by_role("button", name="Submit").click()
    page.get_by_role("heading", name="Welcome, ").wait_for()


@pytest.mark.feature("LOG_11")
def test_mistakes_are_told_on_the_line_and_a_paste_is_refused_and_counted(rita, new_context):
    rita.typing_choice = User.TypingChoice.ENROLLED
    rita.save()
    now = rita.email_confirmed_at
    template = typing_patterns.verifier().enrol(Typist(5, SENTENCE).day())
    TypingProfile.objects.create(
        user=rita,
        template=typing_patterns._kept_as(template),
        sentence=SENTENCE_CODE,
        consent_at=now,
        enrolled_at=now,
    )
    context = new_context()
    page = context.new_page()
    log_in(page, rita)
    choose_pattern(page)
    first = page.get_by_label("Line 1 of 3")
    first.press_sequentially("A quiex")
    state = page.locator("#typing-1-state")
    expect(state).to_have_text("Mistake at character 7: “t” is expected. Go back to it with Backspace.")
    expect(first).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("[data-typing-problem]")).to_have_text("Line 1 is not the sentence exactly as it appears.")
    expect(first).to_be_focused()
    page.keyboard.press("Backspace")
    expect(state).to_have_text("")
    page.get_by_role("button", name="Clear line 1").click()
    expect(first).to_have_value("")
    page.evaluate(
        """text => {
        const field = document.getElementById("typing-1");
        field.focus();
        document.execCommand("insertText", false, text);
    }""",
        SENTENCE,
    )  # as a password manager or a script would fill it in
    expect(state).to_contain_text("changed otherwise than by typing")
    page.evaluate(
        """text => {
        const data = new DataTransfer();
        data.setData("text/plain", text);
        const paste = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
        document.getElementById("typing-2").dispatchEvent(paste);
    }""",
        SENTENCE,
    )
    expect(page.get_by_text("Pasting is not typing, so this try was counted. You have 4 tries left.")).to_be_visible()
    assert TypingProfile.objects.get().failures == 1
