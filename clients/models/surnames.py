"""The surnames of all clients, so that one typed wrong is still found."""

from django.db import models


class SurnameForm(models.Model):
    """One surname under one of its forms: whole, or with a letter left out (clients.rules.similar_names).

    Names only, of the whole portal; whose clients have them is asked of the policies in scope.
    """

    form = models.CharField(max_length=60)
    surname = models.CharField(max_length=60, help_text="As searched: capitals, letters and digits only.")

    class Meta:
        ordering = ["form", "surname"]
        constraints = [models.UniqueConstraint(fields=["form", "surname"], name="surname_form_once")]
        indexes = [models.Index(fields=["surname"], name="surname_forms_of")]

    def __str__(self) -> str:
        return self.form
