"""The files made of a submission: the application as PDF, the proof packet, the proof file. Made when they are asked for.

A document takes 0.2 to 0.3 s of processor, 1.6 s the first of a process: less than a page that waits for a worker asks again.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from clients.idcards import rendering
from enrollment.application_record import trail
from enrollment.application_record.answers import text_ref
from enrollment.application_record.document import ApplicationDocument, document_of, text_version
from enrollment.application_record.reading import answers_in
from enrollment.models import Application, ApplicationText, Submission
from enrollment.selectors.texts import blocks_of
from portal.common import crypto, hash_chain
from portal.common.dates import moment_as_text

APPLICATION, PROOF = "enrollment/application_print.html", "enrollment/proof_print.html"
STYLES = Path(__file__).resolve().parent / "record.css"
UNAVAILABLE = (
    "Documents cannot be printed on this server at the moment: libraries are missing. Support has to add them."
)
SEAL = "proof"


def document(submission: Submission) -> ApplicationDocument:
    """What the PDF of a submission says. Raises ``Altered``."""
    return document_of(answers_in(submission), carrier=settings.CARRIER_NAME, fingerprint=submission.answers_sha256)


def application_html(submission: Submission) -> str:
    """The document before it is laid out. What people have typed is escaped by the template."""
    return render_to_string(APPLICATION, {"document": document(submission)})


def application_pdf(submission: Submission) -> bytes:
    """The application on letter paper, tagged. Raises ``Altered``, and ``CannotRender`` when libraries are missing."""
    return rendering.render_document(application_html(submission), styles=STYLES)


def proof_lines(application: Application) -> list[hash_chain.Link]:
    """The lines of the proof file, chained. Raises ``Altered``."""
    submissions = list(Submission.objects.filter(application=application).select_related("submitted_by"))
    submissions.sort(key=lambda one: one.number)
    return list(hash_chain.chained(trail.proof_contents(application, submissions)))


def proof_text(application: Application) -> str:
    """The proof file: a line for each fact and, last, the seal by which this portal knows a chain of its own."""
    links = proof_lines(application)
    return "".join(f"{link.as_line()}\n" for link in [*links, _seal(links)])


def _seal(links: list[hash_chain.Link]) -> hash_chain.Link:
    """Only who holds the portal's key can make it: what was written anew elsewhere does not have it."""
    head = links[-1].sha256
    content = {"kind": "seal", "chain": head, "seal": crypto.digest(head, purpose=SEAL)}
    return hash_chain.Link(content, head, hash_chain.sha256_of(head, content))


def proof_html(application: Application, *, at: datetime) -> str:
    """The proof packet before it is laid out. Raises ``Altered``."""
    links = proof_lines(application)
    seal = _seal(links)
    contents = [link.content for link in links]
    used = [one["text"] for one in contents if one["kind"] == "attestation" and one["text"]]
    context = {
        "carrier": settings.CARRIER_NAME,
        "record_number": application.record_number,
        "made": moment_as_text(at),
        "submissions": [_submission(one) for one in contents if one["kind"] == "submission"],
        "attestations": [_attestation(one) for one in contents if one["kind"] == "attestation"],
        "events": [_event(link) for link in links if link.content["kind"] == "audit_event"],
        "texts": _texts(used),
        "head": links[-1].sha256,
        "seal": seal.content["seal"],
        "lines": len(links) + 1,
    }
    return render_to_string(PROOF, context)


def proof_pdf(application: Application, *, at: datetime) -> bytes:
    """The proof packet on letter paper, tagged. Raises ``Altered``, and ``CannotRender`` when libraries are missing."""
    return rendering.render_document(proof_html(application, at=at), styles=STYLES)


OUTCOMES = dict(Submission.Outcome.choices)


def _submission(one: Any) -> dict[str, str]:
    return {
        "number": str(one["number"]),
        "at": _moment(one["at"]),
        "by": one["by"],
        "outcome": OUTCOMES.get(one["outcome"], one["outcome"]),
        "answers_sha256": one["answers_sha256"],
        "trail_sha256": one["trail_sha256"],
    }


def _attestation(one: Any) -> dict[str, str]:
    return {
        "what": one["what"],
        "by": one["by"],
        "recorded_by": one["recorded_by"],
        "at": _moment(one["at"]),
        "text": text_version(one["text"]),
    }


def _event(link: hash_chain.Link) -> dict[str, str]:
    one = link.content
    return {"at": _moment(one["at"]), "action": one["action"], "actor": one["actor"] or "system", "sha256": link.sha256}


def _texts(refs: list[Any]) -> list[dict[str, Any]]:
    """The wording of every text that was agreed to or shown, once; one that is another by now is said to be."""
    found = []
    seen: set[tuple[str, str, str]] = set()
    for ref in refs:
        key = (ref["kind"], ref["us_state"], ref["version"])
        if key in seen:
            continue
        seen.add(key)
        row = ApplicationText.objects.filter(kind=key[0], us_state=key[1], version=key[2]).first()
        is_same = row is not None and text_ref(row) == ref
        blocks = blocks_of(row) if row is not None and is_same else []
        found.append({"title": text_version(ref), "blocks": blocks})
    return found


def _moment(iso: str) -> str:
    return moment_as_text(datetime.fromisoformat(iso))
