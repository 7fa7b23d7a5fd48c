"""Submissions in the administration: looked up, never changed here."""

from typing import Any

from django.contrib import admin

from enrollment.models import Submission, SubmittedPolicy
from portal.common.admin_base import ReadMostlyAdmin
from portal.common.staff_queues import Queue


@admin.register(Submission)
class SubmissionAdmin(ReadMostlyAdmin):
    """The answers themselves are not shown: the application's PDF is, to those who may enroll."""

    list_display = ("application", "number", "outcome", "submitted_at", "submitted_by", "settled_at", "monthly_premium")
    list_filter = ("outcome",)
    list_select_related = ("application__producer_number__producer", "submitted_by")
    search_fields = ("application__record_number__exact", "application__eapp_number__exact")
    search_help_text = "Record number or E-App number."
    hidden_fields = ("form_key", "answers")

    def audit_id(self, obj: Any) -> str:
        return str(obj.application.record_number)

    def for_producer(self, obj: Any) -> str:
        return str(obj.application.producer_number.producer.npn)


@admin.register(SubmittedPolicy)
class SubmittedPolicyAdmin(ReadMostlyAdmin):
    list_display = ("application", "number", "line", "outcome", "twice", "policy", "change", "note")
    list_filter = ("taken_twice", "outcome", "line")
    queues = (Queue(label="Enrollments taken twice", order=80, filters={"taken_twice__exact": "1"}, is_fault=True),)
    list_select_related = ("submission__application__producer_number__producer", "policy", "change")
    search_fields = ("submission__application__record_number__exact",)
    search_help_text = "Record number."

    @admin.display(ordering="submission__application__id")
    def application(self, obj: SubmittedPolicy) -> str:
        return str(obj.submission.application.record_number)

    @admin.display(description="submission", ordering="submission__number")
    def number(self, obj: SubmittedPolicy) -> int:
        return obj.submission.number

    @admin.display(description="taken twice", ordering="taken_twice")
    def twice(self, obj: SubmittedPolicy) -> str:
        # In words: the admin's sign for "no" is that of something wrong.
        return "Taken twice" if obj.taken_twice else ""

    def audit_id(self, obj: Any) -> str:
        return str(obj.submission.application.record_number)

    def for_producer(self, obj: Any) -> str:
        return str(obj.submission.application.producer_number.producer.npn)
