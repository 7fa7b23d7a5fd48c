"""What became of the guided tour: remembered with the login, not with the browser (ADR 0033)."""

from accounts.models import User


def end(user: User, outcome: User.Tour) -> None:
    """Remember that the person has seen the tour, or does not want it; it is not offered again.

    Who has seen it to the end stays that way. Nothing is written down in the audit trail: it is about nobody's data,
    like the colours of the page. Raises ``ValueError`` for an outcome that is none.
    """
    if outcome not in (User.Tour.FINISHED, User.Tour.SKIPPED):
        raise ValueError("The tour ends finished or skipped.")
    if user.tour in (User.Tour.FINISHED, outcome):
        return
    user.tour = outcome
    user.save(update_fields=["tour"])
