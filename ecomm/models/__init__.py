from ecomm.models.documents import DocumentSubmission, DocumentType
from ecomm.models.issues import IssueReport
from ecomm.models.questions import CannedAnswer, EQuestion, EQuestionAttachment, EQuestionDraft, EQuestionMessage

__all__ = [
    "CannedAnswer",
    "DocumentSubmission",
    "DocumentType",
    "EQuestion",
    "EQuestionAttachment",
    "EQuestionDraft",
    "EQuestionMessage",
    "IssueReport",
]
