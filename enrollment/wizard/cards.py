"""Lists of cards on a step: several of a kind, each with a page of its own to enter, edit and delete it."""

from dataclasses import dataclass
from typing import Any, ClassVar

from enrollment.selectors.read_once import read_once
from enrollment.wizard.sections import CardSection, Missing, WizardContext

# The largest number a row can have.
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class Card:
    """One row as it stands on its step: lines of label and text, and what is not complete about it."""

    pk: int
    lines: list[tuple[str, str]]
    complete: bool = True
    why_incomplete: str = ""
    # What the buttons are called to people who hear them: "Edit spouse".
    called: str = ""
    # Whether the X is shown; pressing it is asked again (``may_delete``).
    deletable: bool = True


class CardList:
    """A list of cards. All its methods are about the application in the wizard's hands."""

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    note: ClassVar[str] = ""
    add_label: ClassVar[str] = ""
    empty_text: ClassVar[str] = ""
    template: ClassVar[str] = "enrollment/wizard/_cards.html"
    card_template: ClassVar[str] = "enrollment/wizard/_card.html"
    delete_title: ClassVar[str] = "Delete"
    form_class: ClassVar[type[CardSection]]

    @classmethod
    def shown(cls, wizard: WizardContext) -> bool:
        """Is the list part of this application?"""
        return True

    @classmethod
    def query(cls, wizard: WizardContext) -> Any:
        """The rows as a QuerySet, in their order."""
        raise NotImplementedError

    @classmethod
    def found(cls, wizard: WizardContext) -> list[Any]:
        """The rows themselves, read once while a page is drawn."""
        return list(read_once((cls.name, wizard.application.pk), lambda: list(cls.query(wizard))))

    @classmethod
    def card(cls, wizard: WizardContext, row: Any) -> Card:
        """The row as it is shown."""
        raise NotImplementedError

    @classmethod
    def rows(cls, wizard: WizardContext) -> list[Card]:
        return [cls.card(wizard, row) for row in cls.found(wizard)]

    @classmethod
    def row(cls, wizard: WizardContext, pk: int) -> Any:
        """The row of that number, ``None`` when there is none in this application."""
        return cls.query(wizard).filter(pk=pk).first() if 0 < pk <= LARGEST_ID else None

    @classmethod
    def why_no_more(cls, wizard: WizardContext) -> str:
        """Why no card can be added now; empty when one can."""
        return ""

    @classmethod
    def may_delete(cls, wizard: WizardContext, pk: int) -> str:
        """Why the card cannot be deleted; empty when it can."""
        return ""

    @classmethod
    def delete(cls, wizard: WizardContext, pk: int) -> None:
        """Delete the row. The frame saves the application afterwards."""
        cls.query(wizard).filter(pk=pk).delete()

    @classmethod
    def context(cls, wizard: WizardContext) -> dict[str, Any]:
        """What the template shows beside the cards, as ``more``."""
        return {}

    @classmethod
    def missing(cls, wizard: WizardContext) -> list[Missing]:
        """Cards that are not complete."""
        return [
            Missing(section=cls.name, sentence=card.why_incomplete, label=card.called or cls.title, card=card.pk)
            for card in cls.rows(wizard)
            if not card.complete
        ]
