"""Reading a submission's answers again, only as long as they are what was submitted."""

import json
from typing import Any

from enrollment.application_record import answers as record
from enrollment.models import Submission


class Altered(Exception):
    """The answers are not those that were submitted: their hash is another one."""


def answers_in(submission: Submission) -> dict[str, Any]:
    """The answers of a submission. Raises ``Altered`` when they were changed since, and ``CannotDecrypt``."""
    if record.sha256_of(submission.answers) != submission.answers_sha256:
        raise Altered(f"The answers of submission {submission.pk} are not those that were submitted.")
    answers: dict[str, Any] = json.loads(submission.answers)
    return answers
