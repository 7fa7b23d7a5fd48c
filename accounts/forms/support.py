"""What producer support writes down before it opens or resets a login."""

from django import forms


class TicketForm(forms.Form):
    """Ticket number and reason; both stay in the audit trail."""

    ticket = forms.RegexField(
        r"^[A-Za-z0-9][A-Za-z0-9 ._/#-]{1,39}$",
        label="Ticket number",
        error_messages={
            "required": "Enter the ticket number.",
            "invalid": "Enter a ticket number of 2 to 40 characters.",
        },
    )
    reason = forms.CharField(
        min_length=5,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Why, and how you made sure who was calling. No client data. It stays in the audit trail.",
        error_messages={"required": "Enter the reason."},
    )
