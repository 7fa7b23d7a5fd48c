"""The logins of the carrier's staff, as a kind of row of their own for the administration (docs/adr/0031)."""

from accounts.models.users import User


class StaffAccount(User):
    """A login of carrier staff. Only carrier administrators make and change these."""

    class Meta:
        proxy = True
        ordering = ["username"]
