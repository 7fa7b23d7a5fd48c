"""The wordings that stand beside phone and email address, and which versions an application keeps (APP_08)."""

from collections.abc import Iterable
from dataclasses import dataclass

from enrollment.models import Application, ApplicationText
from enrollment.selectors.texts import blocks_of, texts_in_force
from enrollment.wizard.sections import WizardContext

Kind = ApplicationText.Kind
KINDS = (Kind.TEXT_MESSAGES, Kind.ELECTRONIC_DELIVERY)


@dataclass(frozen=True)
class Wordings:
    """The texts in force; ``ids`` goes along with the page, so that what was shown is what is kept."""

    texts: dict[str, ApplicationText]

    @property
    def ids(self) -> str:
        return ",".join(str(text.pk) for text in self.texts.values())

    def as_context(self) -> dict[str, object]:
        return {
            "text_messages": self._blocks(Kind.TEXT_MESSAGES),
            "e_delivery": self._blocks(Kind.ELECTRONIC_DELIVERY),
        }

    def _blocks(self, kind: str) -> object:
        text = self.texts.get(kind)
        return {"blocks": blocks_of(text), "version": text.version} if text else None


def wordings(wizard: WizardContext) -> Wordings:
    """What stands beside the contact fields today."""
    us_state = wizard.application.us_state

    def look_up() -> Wordings:
        return Wordings(texts_in_force(KINDS, us_state, wizard.today))

    result: Wordings = wizard.once(f"contact-texts:{us_state}", look_up)
    return result


def shown_texts(application: Application, ids: str) -> dict[str, ApplicationText]:
    """The published wordings among the numbers a page sent, by kind."""
    wanted = [int(text) for text in ids.split(",")[:4] if text.isascii() and text.isdigit() and len(text) < 10]
    rows = ApplicationText.objects.filter(
        pk__in=wanted, kind__in=KINDS, us_state__in=("", application.us_state), published_at__isnull=False
    )
    return {text.kind: text for text in rows}


def kept_beside(
    application: Application, shown: dict[str, ApplicationText], emails: Iterable[str]
) -> list[ApplicationText]:
    """Which wordings the application keeps: text messages with a mobile number, delivery with anybody's email address.

    A wording that was not on the page now stays as it was kept before.
    """
    before = {text.kind: text for text in application.contact_texts.all()}
    mobile = bool(application.phone) and application.phone_type == Application.PhoneType.MOBILE
    wanted = [Kind.TEXT_MESSAGES.value] if mobile else []
    wanted += [Kind.ELECTRONIC_DELIVERY.value] if any(emails) else []
    return [text for kind in wanted if (text := shown.get(kind) or before.get(kind)) is not None]
