from django.urls import path, register_converter

from ecomm.converters import TrackingNumberConverter
from ecomm.views import documents, hub, issues, questions

app_name = "ecomm"
register_converter(TrackingNumberConverter, "equ")

urlpatterns = [
    path("", hub.messages_hub, name="messages"),
    path("report-an-issue/", issues.report_issue, name="report-issue"),
    path("report-an-issue/mine/", issues.my_issues, name="issues"),
    path("report-an-issue/<int:number>/", issues.issue, name="issue"),
    path("questions/", questions.question_list, name="questions"),
    path("questions/new/", questions.question_ask, name="question-ask"),
    path("questions/draft/", questions.question_draft, name="question-draft"),
    path("questions/draft/discard/", questions.question_draft_discard, name="question-draft-discard"),
    path("questions/delete/", questions.questions_delete, name="questions-delete"),
    path("questions/deleted/", questions.questions_deleted, name="questions-deleted"),
    path("questions/restore/", questions.questions_restore, name="questions-restore"),
    path("questions/<equ:number>/", questions.question, name="question"),
    path("questions/<equ:number>/submitted/", questions.question_submitted, name="question-submitted"),
    path("questions/<equ:number>/files/<int:attachment_id>/", questions.question_file, name="question-file"),
    path("documents/", documents.documents, name="documents"),
    path("documents/new/", documents.document_submit, name="document-submit"),
    path("documents/sent/<slug:sent_key>/", documents.document_sent, name="document-sent"),
    path("documents/delete/", documents.documents_delete, name="documents-delete"),
    path("documents/restore/", documents.documents_restore, name="documents-restore"),
]
