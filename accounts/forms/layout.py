"""How the forms around signing in look: fields one below the other, one button."""

from collections.abc import Sequence
from typing import Any

from crispy_forms.bootstrap import StrictButton
from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Layout


def one_button(*, action: Any, button: str, fields: Sequence[Any]) -> FormHelper:
    """``fields`` and a button that sends them to ``action``; the server checks, not the browser."""
    helper = FormHelper()
    helper.form_action = action
    helper.attrs = {"novalidate": True}
    helper.layout = Layout(
        *fields, Div(StrictButton(button, type="submit", css_class="btn-primary"), css_class="form-actions")
    )
    return helper
