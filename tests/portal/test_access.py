"""Who gets where: every address of the portal for every kind of person, in one list."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import connection, models, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path, reverse
from django.utils import timezone

from accounts import scoping
from accounts.models import DelegateGrant, DelegateInvitation, Producer, TrustedDevice, User
from accounts.scoping import BookScopedQuerySet
from clients.models import (
    Account,
    IdCardOrder,
    IdCardRequest,
    MedicalGroup,
    Member,
    MemberChange,
    PcpAssignment,
    PcpReason,
    Policy,
    Prospect,
    Provider,
    WithdrawnPcpAssignment,
)
from ecomm.models import DocumentSubmission, DocumentType, EQuestion, EQuestionAttachment, IssueReport
from enrollment.models import Application, Proposal, Quote
from portal.common.access import DelegateScope, Perm, requires
from portal.common.content.models import Resource
from portal.common.files.models import StoredFile
from portal.common.notifications.models import Notification
from reporting.models import CommissionStatement, ReportRun, SavedReport
from tests.support import pages
from tests.support.factories import (
    ApplicationFactory,
    DelegateGrantFactory,
    DelegateInvitationFactory,
    EQuestionFactory,
    IssueReportFactory,
    MemberFactory,
    NewsItemFactory,
    PolicyFactory,
    ProducerFactory,
    ProducerNumberFactory,
    ProspectFactory,
    QuoteFactory,
    ResourceFactory,
    TrainingCourseFactory,
    UserFactory,
)
from tests.support.urls import Address, addresses
from tests.support.wizard import load_tables
from tests.support.world import World

# --- the matrix ---

# Who asks: nobody; somebody whose password was right and whose code is still to come; the producer of record; the
# agency above her; a producer beside her; one of another agency; her delegates with VIEW, with VIEW and SERVICE, with
# VIEW and ENROLL, without VIEW, of yesterday; the carrier's admin. Twelve people: every line has twelve outcomes.
PEOPLE = [
    "stranger",
    "half",
    "producer",
    "principal",
    "sibling",
    "outsider",
    "delegate",
    "delegate_with_service",
    "delegate_with_enroll",
    "delegate_without_view",
    "former_delegate",
    "admin",
]
# Their columns differ from the producer's, the outsider's or the delegate's in few lines: asked in make test-long.
MUCH_LIKE_ANOTHER = {
    "principal",
    "sibling",
    "delegate_with_service",
    "delegate_with_enroll",
    "delegate_without_view",
}

# "in" is the login page; "->" a redirect elsewhere. What is addressed belongs to the producer of record.
#   method  name                     of what      strng half prod prin sibl outs dele serv enro w/o  form adm
MATRIX = """
    GET     home                     -            in    in   200  200  200  200  200  200  200  200  200  200
    GET     accounts:login           -            200   200  ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    POST    accounts:login           nothing      200   200  ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    GET     accounts:verify          -            in    200  ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    POST    accounts:verify          nothing      in    200  ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    GET     accounts:code-delivery   -            ->    ->   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    GET     accounts:typing-pattern  -            in    ->   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    POST    accounts:typing-pattern  nothing      in    ->   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    POST    accounts:typing-pattern-withdraw nothing in in   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    POST    accounts:typing-pattern-ask nothing   in    in   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    GET     accounts:logout          -            405   405  405  405  405  405  405  405  405  405  405  405
    POST    accounts:logout          nothing      in    in   in   in   in   in   in   in   in   in   in   in
    GET     accounts:register        -            200   200  ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    POST    accounts:register        nothing      200   200  ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    GET     accounts:register-create-login -      ->    ->   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    POST    accounts:register-create-login nothing ->   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    GET     accounts:register-verify-email -      ->    ->   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    POST    accounts:register-verify-email nothing ->   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    GET     accounts:register-confirm token       200   200  200  200  200  200  200  200  200  200  200  200
    POST    accounts:register-confirm token       ->    ->   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    GET     accounts:register-details -           ->    ->   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    POST    accounts:register-details nothing     ->    ->   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    GET     accounts:register-review -            ->    ->   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    POST    accounts:register-review nothing      ->    ->   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    GET     accounts:register-submitted -         ->    ->   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    GET     accounts:register-state  -            in    in   200  200  200  200  403  403  403  403  403  403
    POST    accounts:register-state  nothing      in    in   200  200  200  200  403  403  403  403  403  403
    GET     accounts:register-state-review -      in    in   ->   ->   ->   ->   403  403  403  403  403  403
    POST    accounts:register-state-review nothing in   in   ->   ->   ->   ->   403  403  403  403  403  403
    GET     accounts:register-state-submitted -   in    in   ->   ->   ->   ->   403  403  403  403  403  403
    GET     accounts:forgot-username -            200   200  ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    POST    accounts:forgot-username nothing      200   200  ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    GET     accounts:forgot-username-sent -       ->    ->   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    POST    accounts:resend-username nothing      ->    ->   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    GET     accounts:unlock          token        in    in   in   in   in   in   in   in   in   in   in   in
    POST    accounts:unlock          token        in    in   in   in   in   in   in   in   in   in   in   in
    GET     accounts:forgot-password -            200   200  ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    POST    accounts:forgot-password nothing      200   200  ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    GET     accounts:forgot-password-method -     ->    ->   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    POST    accounts:forgot-password-method nothing ->  ->   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    GET     accounts:forgot-password-code -       ->    ->   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    POST    accounts:forgot-password-code nothing ->    ->   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    GET     accounts:forgot-password-new -        ->    ->   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    POST    accounts:forgot-password-new nothing  ->    ->   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    GET     accounts:profile         -            in    in   200  200  200  200  200  200  200  200  200  200
    POST    accounts:profile         nothing      in    in   200  200  200  200  200  200  200  200  200  200
    GET     accounts:profile-updated -            in    in   200  200  200  200  404  404  404  404  404  404
    GET     accounts:change-password -            in    in   200  200  200  200  200  200  200  200  200  200
    POST    accounts:change-password nothing      in    in   200  200  200  200  200  200  200  200  200  200
    GET     accounts:hierarchy       -            in    in   200  200  200  200  403  403  403  403  403  403
    POST    accounts:hierarchy       find         in    in   ->   ->   ->   ->   403  403  403  403  403  403
    GET     accounts:hierarchy-branch npn         in    in   200  200  404  404  403  403  403  403  403  403
    GET     accounts:delegates       -            in    in   200  200  200  200  403  403  403  403  403  403
    GET     accounts:delegate-invite -            in    in   200  200  200  200  403  403  403  403  403  403
    POST    accounts:delegate-invite nothing      in    in   200  200  200  200  403  403  403  403  403  403
    GET     accounts:delegate-change grant        in    in   200  404  404  404  403  403  403  403  403  403
    POST    accounts:delegate-change grant        in    in   200  404  404  404  403  403  403  403  403  403
    GET     accounts:delegate-activity grant      in    in   200  404  404  404  403  403  403  403  403  403
    GET     accounts:delegate-revoke grant        in    in   405  405  405  405  403  403  403  403  403  403
    POST    accounts:delegate-revoke old_grant    in    in   ->   404  404  404  403  403  403  403  403  403
    POST    accounts:delegate-invitation-resend invitation   in in -> 404 404 404 403 403 403 403 403 403
    POST    accounts:delegate-invitation-withdraw invitation in in -> 404 404 404 403 403 403 403 403 403
    GET     accounts:delegate-invitation token    ->    ->   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    GET     accounts:delegate-accept -            404   404  404  404  404  404  404  404  404  404  404  404
    POST    accounts:delegate-accept nothing      404   404  404  404  404  404  404  404  404  404  404  404
    GET     accounts:tour            -            in    in   200  200  200  200  200  200  200  200  200  200
    POST    accounts:tour-end        nothing      in    in   400  400  400  400  400  400  400  400  400  400
    POST    accounts:work-for        nothing      in    in   403  403  403  403  ->   ->   ->   ->   ->   403
    GET     accounts:my-information  -            in    in   200  200  200  200  200  200  200  200  200  200
    GET     accounts:confirm-identity -           in    in   200  200  200  200  200  200  200  200  200  200
    POST    accounts:confirm-identity nothing     in    in   200  200  200  200  200  200  200  200  200  200
    GET     accounts:authenticator   -            in    in   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    POST    accounts:authenticator   nothing      in    in   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    POST    accounts:authenticator-start nothing  in    in   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    POST    accounts:authenticator-remove nothing in    in   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    POST    accounts:recovery-codes-renew nothing in    in   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    GET     accounts:devices         -            in    in   200  200  200  200  200  200  200  200  200  200
    POST    accounts:devices-revoke-all nothing   in    in   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    POST    accounts:device-revoke   device       in    in   ->   404  404  404  404  404  404  404  404  404
    POST    accounts:session-end     session      in    in   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    POST    accounts:sessions-end-others nothing  in    in   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    GET     accounts:session-state   -            in    in   200  200  200  200  200  200  200  200  200  200
    POST    accounts:session-keep-alive nothing   in    in   200  200  200  200  200  200  200  200  200  200
    GET     clients:search           -            in    in   200  200  200  200  200  200  200  403  403  200
    POST    clients:search           search       in    in   ->   ->   ->   ->   ->   ->   ->   403  403  ->
    GET     clients:quick-search     -            in    in   ->   ->   ->   ->   ->   ->   ->   403  403  ->
    POST    clients:quick-search     quick        in    in   ->   ->   ->   ->   ->   ->   ->   403  403  ->
    GET     clients:prospects        -            in    in   200  200  200  200  200  200  200  403  403  200
    POST    clients:prospects        everything   in    in   ->   ->   ->   ->   ->   ->   ->   403  403  ->
    GET     clients:prospect-add     -            in    in   200  200  200  200  403  403  200  403  403  403
    POST    clients:prospect-add     nothing      in    in   200  200  200  200  403  403  200  403  403  403
    GET     clients:prospect         prospect     in    in   200  200  404  404  200  200  200  403  403  200
    POST    clients:prospect         prospect     in    in   200  200  404  404  403  403  200  403  403  403
    GET     clients:prospects-print  -            in    in   ->   ->   ->   ->   ->   ->   ->   403  403  ->
    POST    clients:prospects-print  lead         in    in   200  200  ->   ->   200  200  200  403  403  200
    GET     clients:prospects-export -            in    in   ->   ->   ->   ->   ->   ->   ->   403  403  ->
    POST    clients:prospects-export lead         in    in   200  200  ->   ->   200  200  200  403  403  200
    POST    clients:prospects-delete lead         in    in   200  200  ->   ->   403  403  200  403  403  403
    GET     clients:prospects-deleted -           in    in   200  200  200  200  403  403  200  403  403  403
    POST    clients:prospects-deleted grid        in    in   ->   ->   ->   ->   403  403  ->   403  403  403
    POST    clients:prospects-restore lead        in    in   ->   ->   ->   ->   403  403  ->   403  403  403
    GET     clients:detail           account      in    in   200  200  404  404  200  200  200  403  403  200
    POST    clients:detail           account      in    in   405  405  405  405  405  405  405  403  403  405
    GET     clients:detail-by-eapp   eapp         in    in   ->   ->   404  404  ->   ->   ->   403  403  ->
    GET     clients:detail-by-eapp   draft        in    in   200  200  404  404  200  200  200  403  403  200
    GET     clients:act              account      in    in   ->   ->   404  404  ->   ->   ->   403  403  ->
    POST    clients:act              account      in    in   405  405  405  405  405  405  405  403  403  405
    GET     clients:act-by-eapp      draft        in    in   ->   ->   404  404  ->   ->   ->   403  403  ->
    GET     clients:contact          account      in    in   200  200  404  404  403  200  403  403  403  200
    POST    clients:contact          account      in    in   200  200  404  404  403  200  403  403  403  200
    GET     clients:id-cards         account      in    in   200  200  404  404  403  200  403  403  403  200
    GET     clients:id-cards-choose  cards        in    in   200  200  404  404  403  200  403  403  403  200
    GET     clients:id-cards-confirm cards        in    in   200  200  404  404  403  200  403  403  403  200
    POST    clients:id-cards-confirm cards        in    in   200  200  404  404  403  200  403  403  403  200
    POST    clients:id-cards-of-list card_policy  in    in   200  200  ->   ->   403  200  403  403  403  200
    GET     clients:id-card-order    card_order   in    in   200  200  404  404  403  200  403  403  403  200
    GET     clients:id-card-order-state card_order in   in   200  200  404  404  403  200  403  403  403  200
    POST    clients:id-card-order-cancel card_order in  in   ->   ->   404  404  403  ->   403  403  403  ->
    POST    clients:id-card-order-retry card_order in   in   ->   ->   404  404  403  ->   403  403  403  ->
    GET     clients:id-card-bundle   card_order   in    in   404  404  404  404  403  404  403  403  403  404
    GET     clients:id-card-file     card         in    in   404  404  404  404  403  404  403  403  403  404
    GET     clients:provider-finder  -            in    in   200  200  200  200  200  200  200  403  403  200
    POST    clients:provider-finder  nothing      in    in   200  200  200  200  200  200  200  403  403  200
    GET     clients:pcp              account      in    in   ->   ->   404  404  403  ->   403  403  403  ->
    POST    clients:pcp              account      in    in   400  400  404  404  403  400  403  403  403  400
    GET     clients:pcp-confirm      account      in    in   ->   ->   404  404  403  ->   403  403  403  ->
    POST    clients:pcp-confirm      account      in    in   400  400  404  404  403  400  403  403  403  400
    GET     reporting:new            -            in    in   200  200  200  200  200  200  200  403  403  200
    POST    reporting:new            report       in    in   ->   ->   ->   ->   ->   ->   ->   403  403  ->
    GET     reporting:index          -            in    in   200  200  200  200  200  200  200  403  403  200
    POST    reporting:figure         figure       in    in   ->   ->   ->   ->   ->   ->   ->   403  403  ->
    GET     reporting:desk           -            in    in   200  200  200  200  200  200  200  403  403  200
    GET     reporting:desk-sheet     -            in    in   200  200  200  200  200  200  200  403  403  200
    GET     reporting:desk-policy    policy       in    in   200  200  404  404  200  200  200  403  403  200
    POST    reporting:desk-policy    policy       in    in   200  200  404  404  200  200  200  403  403  200
    GET     reporting:desk-application application in in    200  200  404  404  404  404  200  403  403  404
    POST    reporting:desk-application application in in    200  200  404  404  404  404  200  403  403  404
    GET     reporting:commissions    -            in    in   200  200  200  200  403  403  403  200  403  403
    POST    reporting:commissions    grid         in    in   ->   ->   ->   ->   403  403  403  ->   403  403
    GET     reporting:commission     commission   in    in   200  200  404  404  403  403  403  200  403  403
    POST    reporting:commission     commission   in    in   ->   ->   404  404  403  403  403  ->   403  403
    POST    reporting:file           nothing      in    in   ->   ->   ->   ->   ->   ->   ->   403  403  ->
    GET     reporting:saved          -            in    in   200  200  200  200  200  200  200  403  403  200
    GET     reporting:saved-new      -            in    in   ->   ->   ->   ->   ->   ->   ->   403  403  ->
    POST    reporting:saved-new      nothing      in    in   ->   ->   ->   ->   ->   ->   ->   403  403  ->
    GET     reporting:saved-change   saved_report in    in   200  404  404  404  403  403  403  403  403  404
    POST    reporting:saved-change   saved_report in    in   200  404  404  404  403  403  403  403  403  404
    POST    reporting:saved-run      saved_report in    in   ->   404  404  404  ->   ->   ->   403  403  404
    POST    reporting:saved-delete   saved_report in    in   ->   404  404  404  403  403  403  403  403  404
    POST    reporting:saved-restore  saved_report in    in   ->   404  404  404  404  404  404  403  403  404
    GET     reporting:run            report_run   in    in   200  404  404  404  404  404  404  403  403  404
    GET     reporting:run-state      report_run   in    in   200  404  404  404  404  404  404  403  403  404
    POST    reporting:run-cancel     report_run   in    in   ->   404  404  404  404  404  404  403  403  404
    POST    reporting:run-retry      report_run   in    in   ->   404  404  404  404  404  404  403  403  404
    POST    reporting:run-open       report_run   in    in   ->   404  404  404  404  404  404  403  403  404
    GET     reporting:run-file       report_run   in    in   404  404  404  404  404  404  404  403  403  404
    GET     notifications:list       -            in    in   200  200  200  200  200  200  200  200  200  200
    GET     notifications:preferences -           in    in   200  200  200  200  200  200  200  200  200  200
    POST    notifications:preferences nothing     in    in   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    GET     notifications:bell       -            in    in   200  200  200  200  200  200  200  200  200  200
    POST    notifications:open       notice       in    in   ->   404  404  404  404  404  404  404  404  404
    POST    notifications:read       notice       in    in   ->   404  404  404  404  404  404  404  404  404
    POST    notifications:unread     notice       in    in   ->   404  404  404  404  404  404  404  404  404
    POST    notifications:read-all   nothing      in    in   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    GET     content:resources        -            in    in   200  200  200  200  200  200  200  200  200  200
    POST    content:resources        find         in    in   ->   ->   ->   ->   ->   ->   ->   ->   ->   ->
    GET     content:resource-download resource    in    in   200  200  200  200  200  200  200  200  200  200
    GET     content:news             -            in    in   200  200  200  200  200  200  200  200  200  200
    GET     content:news-item        slug         in    in   200  200  200  200  200  200  200  200  200  200
    GET     content:news-item        no_slug      in    in   404  404  404  404  404  404  404  404  404  404
    GET     content:training         -            in    in   200  200  200  200  200  200  200  200  200  200
    GET     content:course           slug         in    in   200  200  200  200  200  200  200  200  200  200
    GET     content:contact          -            200  200  200  200  200  200  200  200  200  200  200  200
    GET     content:privacy          -            200  200  200  200  200  200  200  200  200  200  200  200
    GET     legal-terms              -            200  200  200  200  200  200  200  200  200  200  200  200
    GET     legal-typing-pattern     -            200  200  200  200  200  200  200  200  200  200  200  200
    GET     ecomm:messages           -            in    in   200  200  200  200  200  200  200  200  200  200
    GET     ecomm:report-issue       -            in    in   200  200  200  200  200  200  200  200  200  200
    POST    ecomm:report-issue       nothing      in    in   200  200  200  200  200  200  200  200  200  200
    GET     ecomm:issues             -            in    in   200  200  200  200  200  200  200  200  200  200
    GET     ecomm:issue              issue        in    in   200  404  404  404  404  404  404  404  404  404
    GET     ecomm:questions          -            in    in   200  200  200  200  403  200  403  403  403  403
    POST    ecomm:questions          nothing      in    in   ->   ->   ->   ->   403  ->   403  403  403  403
    GET     ecomm:questions-deleted  -            in    in   200  200  200  200  403  200  403  403  403  403
    POST    ecomm:questions-deleted  nothing      in    in   ->   ->   ->   ->   403  ->   403  403  403  403
    POST    ecomm:questions-delete   nothing      in    in   ->   ->   ->   ->   403  ->   403  403  403  403
    POST    ecomm:questions-restore  nothing      in    in   ->   ->   ->   ->   403  ->   403  403  403  403
    GET     ecomm:question-ask       -            in    in   200  200  200  200  403  200  403  403  403  403
    POST    ecomm:question-ask       nothing      in    in   200  200  200  200  403  200  403  403  403  403
    POST    ecomm:question-draft     nothing      in    in   204  204  204  204  403  204  403  403  403  403
    POST    ecomm:question-draft-discard nothing  in    in   ->   ->   ->   ->   403  ->   403  403  403  403
    GET     ecomm:question           question     in    in   200  200  404  404  403  200  403  403  403  403
    POST    ecomm:question           question     in    in   200  200  404  404  403  200  403  403  403  403
    GET     ecomm:question-submitted question     in    in   200  200  404  404  403  200  403  403  403  403
    GET     ecomm:question-file      answer_file  in    in   ->   ->   404  404  403  ->   403  403  403  403
    GET     ecomm:documents          -            in    in   200  200  200  200  403  200  403  403  403  403
    POST    ecomm:documents          grid         in    in   ->   ->   ->   ->   403  ->   403  403  403  403
    GET     ecomm:document-submit    -            in    in   200  200  200  200  403  200  403  403  403  403
    POST    ecomm:document-submit    nothing      in    in   200  200  200  200  403  200  403  403  403  403
    GET     ecomm:document-sent      sent         in    in   200  404  404  404  403  404  403  403  403  403
    POST    ecomm:documents-delete   document     in    in   200  200  ->   ->   403  200  403  403  403  403
    POST    ecomm:documents-restore  document     in    in   ->   ->   ->   ->   403  ->   403  403  403  403
    GET     enrollment:home          -             in    in   200  200  200  200  403  403  200  403  403  403
    GET     enrollment:quotes        -             in    in   200  200  200  200  403  403  200  403  403  403
    POST    enrollment:quotes        grid          in    in   ->   ->   ->   ->   403  403  ->   403  403  403
    GET     enrollment:quote-add     -             in    in   200  200  200  200  403  403  200  403  403  403
    POST    enrollment:quote-add     nothing       in    in   200  200  200  200  403  403  200  403  403  403
    POST    enrollment:quotes-delete quote_row     in    in   200  200  ->   ->   403  403  200  403  403  403
    POST    enrollment:quotes-restore quote_row     in    in   ->   ->   ->   ->   403  403  ->   403  403  403
    POST    enrollment:quotes-copy   quote_row     in    in   ->   ->   ->   ->   403  403  ->   403  403  403
    POST    enrollment:quotes-rename quote_row     in    in   ->   ->   ->   ->   403  403  ->   403  403  403
    GET     enrollment:quote-plans   offered       in    in   200  200  404  404  403  403  200  403  403  403
    POST    enrollment:quote-plans   offered       in    in   ->   ->   404  404  403  403  ->   403  403  403
    GET     enrollment:quote-edit    offered       in    in   200  200  404  404  403  403  200  403  403  403
    POST    enrollment:quote-edit    offered       in    in   200  200  404  404  403  403  200  403  403  403
    GET     enrollment:quote-compare offered       in    in   200  200  404  404  403  403  200  403  403  403
    GET     enrollment:quote-review  offered       in    in   200  200  404  404  403  403  200  403  403  403
    POST    enrollment:quote-review  offered       in    in   ->   ->   404  404  403  403  ->   403  403  403
    GET     enrollment:quote-save    offered       in    in   200  200  404  404  403  403  200  403  403  403
    POST    enrollment:quote-save    offered       in    in   200  200  404  404  403  403  200  403  403  403
    POST    enrollment:quote-copy    offered       in    in   ->   ->   404  404  403  403  ->   403  403  403
    GET     enrollment:quote-enroll  offered      in    in   ->   ->   404  404  403  403  ->   403  403  403
    POST    enrollment:quote-enroll  offered      in    in   ->   ->   404  404  403  403  ->   403  403  403
    GET     enrollment:quote-proposal offered     in    in   200  200  404  404  403  403  200  403  403  403
    POST    enrollment:quote-proposal offered     in    in   200  200  404  404  403  403  200  403  403  403
    GET     enrollment:proposals-state offered    in    in   200  200  404  404  403  403  200  403  403  403
    GET     enrollment:proposal-file proposal     in    in   404  404  404  404  403  403  404  403  403  403
    POST    enrollment:proposal-retry proposal    in    in   ->   ->   404  404  403  403  ->   403  403  403
    POST    enrollment:proposal-resend proposal   in    in   ->   ->   404  404  403  403  ->   403  403  403
    GET     enrollment:applications  -            in    in   200  200  200  200  403  403  200  403  403  403
    POST    enrollment:applications  grid         in    in   ->   ->   ->   ->   403  403  ->   403  403  403
    GET     enrollment:application   application  in    in   200  200  404  404  403  403  200  403  403  403
    POST    enrollment:application-withdraw application in in ->  ->   404  404  403  403  ->   403  403  403
    POST    enrollment:application-restore application in  in ->  ->   404  404  403  403  ->   403  403  403
    GET     enrollment:application-submit application in   in 200  200  404  404  403  403  200  403  403  403
    GET     enrollment:application-state application in    in 200  200  404  404  403  403  200  403  403  403
    GET     enrollment:application-failed application in   in ->   ->   404  404  403  403  ->   403  403  403
    GET     enrollment:application-pdf application in      in 404  404  404  404  403  403  404  403  403  403
    GET     enrollment:application-proof application in    in 404  404  404  404  403  403  404  403  403  403
    GET     enrollment:application-proof-file application in in 404 404 404  404  403  403  404  403  403  403
    POST    enrollment:application-submit application in   in ->   ->   404  404  403  403  ->   403  403  403
    GET     enrollment:application-pay application in      in ->   ->   404  404  403  403  ->   403  403  403
    POST    enrollment:application-pay application in      in ->   ->   404  404  403  403  ->   403  403  403
    GET     enrollment:application-payment-state application in in 200 200 404 404 403 403 200 403 403 403
    POST    enrollment:payment-callback service    400   400  400  400  400  400  400  400  400  400  400  400
    GET     enrollment:payment-return token        in    in   404  404  404  404  403  403  404  403  403  403
    GET     enrollment:policy-payment-return token in    in   404  404  404  404  403  404  403  403  403  404
    POST    enrollment:autopay-end   session       in    in   404  404  404  404  403  403  404  403  403  403
    GET     enrollment:client-pay    account       in    in   200  200  404  404  403  200  403  403  403  200
    POST    enrollment:client-pay    account       in    in   404  404  404  404  403  404  403  403  403  404
    GET     enrollment:application-evidence application in in 200  200  404  404  403  403  200  403  403  403
    POST    enrollment:application-evidence application in in ->   ->   404  404  403  403  ->   403  403  403
    GET     enrollment:application-continue application in in ->  ->   404  404  403  403  ->   403  403  403
    POST    enrollment:application-client-search application in in 200 200 404 404 403 403 200 403 403 403
    POST    enrollment:application-address-search application in in 200 200 404 404 403 403 200 403 403 403
    POST    enrollment:application-county application in in 200 200 404 404 403 403 200 403 403 403
    GET     enrollment:application-step app_step   in    in   200  200  404  404  403  403  200  403  403  403
    POST    enrollment:application-step app_step   in    in   ->   ->   404  404  403  403  ->   403  403  403
    GET     enrollment:application-add -           in    in   200  200  200  200  403  403  200  403  403  403
    POST    enrollment:application-add nothing     in    in   200  200  200  200  403  403  200  403  403  403
    GET     enrollment:application-card-add app_card in  in   200  200  404  404  403  403  200  403  403  403
    POST    enrollment:application-card-add app_card in  in   200  200  404  404  403  403  200  403  403  403
    GET     enrollment:application-card app_event  in    in   200  200  404  404  403  403  200  403  403  403
    POST    enrollment:application-card app_event  in    in   200  200  404  404  403  403  200  403  403  403
    GET     enrollment:application-card-delete app_event in in 200 200  404  404  403  403  200  403  403  403
    POST    enrollment:application-card-delete app_event in in ->  ->   404  404  403  403  ->   403  403  403
    GET     enrollment:application-terms application in  in   200  200  404  404  403  403  200  403  403  403
    GET     enrollment:application-text app_text   in    in   200  200  404  404  403  403  200  403  403  403
    GET     health                   -            200   200  200  200  200  200  200  200  200  200  200  200
    GET     health-live              -            200   200  200  200  200  200  200  200  200  200  200  200
    GET     health-ready             -            200   200  200  200  200  200  200  200  200  200  200  200
    GET     metrics                  -            404   404  404  404  404  404  404  404  404  404  404  404
    GET     demo-mailbox             -            200   200  200  200  200  200  200  200  200  200  200  200
"""


def grant_of(world: World, delegate: User) -> int:
    return DelegateGrant.objects.get(producer=world.producer.producer, delegate=delegate).pk


def card_order_of(world: World) -> IdCardOrder:
    """A permanent order of the producer of record; nothing of it can be stopped, tried again or downloaded."""
    order, is_new = IdCardOrder.objects.get_or_create(
        form_key="of-the-matrix",
        defaults={
            "kind": IdCardOrder.Kind.PERMANENT,
            "account": world.policy.account,
            "requested_at": timezone.now(),
            "requested_by": world.producer,
        },
    )
    if is_new:
        IdCardRequest.objects.create(
            order=order,
            policy=world.policy,
            member=Member.objects.get(account=world.policy.account),
            kind=order.kind,
            requested_at=order.requested_at,
            requested_by=world.producer,
        )
    return order


def proposal_of(world: World) -> Proposal:
    """A proposal of a quote of the producer of record that is still to be made; nothing of it can be had or sent."""
    quote = Quote.objects.filter(form_key="of-the-matrix-000").first() or QuoteFactory(
        form_key="of-the-matrix-000", producer_number=world.number, created_by=world.producer
    )
    proposal, _ = Proposal.objects.get_or_create(
        form_key="of-the-matrix",
        defaults={"quote": quote, "plan_count": 1, "disclaimers_version": "1", "requested_by": world.producer},
    )
    return proposal


def application_of(world: World) -> Application:
    """An incomplete application of the producer of record."""
    rows = Application.objects.filter(record_number="A-0638")
    if rows.update(withdrawn_at=None, withdrawn_by=None):  # another line may have withdrawn it
        return rows.get()
    load_tables()
    return ApplicationFactory(record_number="A-0638", producer_number=world.number, created_by=world.producer)


def saved_report_of(world: World) -> SavedReport:
    """A custom report of the producer of record, shared with the delegates."""
    SavedReport.objects.filter(form_key="of-the-matrix").update(deleted_at=None)  # another line may have deleted it
    row, _ = SavedReport.objects.get_or_create(
        form_key="of-the-matrix",
        defaults={
            "owner": world.producer,
            "name": "Everybody",
            "criteria": '{"policy_status": "ALL"}',
            "shared": True,
            "created_at": timezone.now(),
        },
    )
    return row


def commission_of(world: World) -> CommissionStatement:
    """A commission statement of the producer of record."""
    row, _ = CommissionStatement.objects.get_or_create(
        producer_number=world.number,
        month=date(2026, 1, 1),
        defaults={"total": 0, "line_count": 1, "imported_at": timezone.now()},
    )
    return row


def report_run_of(world: World) -> ReportRun:
    """A finished run of the producer of record without a file."""
    row, _ = ReportRun.objects.get_or_create(
        form_key="of-the-matrix",
        defaults={
            "requested_by": world.producer,
            "requested_at": timezone.now(),
            "title": "Policy Status: All",
            "asked": '{"criteria": {"policy_status": "ALL"}, "filters": {}, "sort": "", "columns": []}',
            "run_on": timezone.localdate(),
            "state": ReportRun.State.READY,
        },
    )
    return row


def life_event_of(world: World) -> list[object]:
    """The first of two life events of that application, as its address names it."""
    row = application_of(world)
    for day in (1, 2):
        row.life_events.get_or_create(code="LOSS_MEC", event_date=date(2026, 11, day))
    return [row.record_number, "general", "life-events", row.life_events.order_by("id").values_list("pk", flat=True)[0]]


OF_NOTHING = ("-", "nothing")  # lines whose address needs no number and no data: nothing to be looked up


@dataclass(frozen=True)
class Asked:
    method: str
    name: str
    what: str
    expected: dict[str, str]

    def args(self, world: World) -> list[object]:
        if self.what in OF_NOTHING:
            return []
        return {
            "account": [world.account_number],
            "eapp": [world.policy.eapp_number],
            "draft": ["0199999999"],
            "cards": [world.account_number, "permanent"],
            "card_order": [card_order_of(world).key] if self.what == "card_order" else [],
            "card": [card_order_of(world).key, 1] if self.what == "card" else [],
            "offered": [proposal_of(world).quote_id] if self.what == "offered" else [],
            "proposal": [proposal_of(world).quote_id, proposal_of(world).pk] if self.what == "proposal" else [],
            "application": [application_of(world).record_number] if self.what == "application" else [],
            "app_step": [application_of(world).record_number, "coverage"] if self.what == "app_step" else [],
            "app_card": [application_of(world).record_number, "general", "life-events"]
            if self.what == "app_card"
            else [],
            "policy": [world.policy.pk],
            "commission": [commission_of(world).pk] if self.what == "commission" else [],
            "saved_report": [saved_report_of(world).pk] if self.what == "saved_report" else [],
            "report_run": [report_run_of(world).key] if self.what == "report_run" else [],
            "app_event": life_event_of(world) if self.what == "app_event" else [],
            "app_text": [application_of(world).record_number, "proxy"] if self.what == "app_text" else [],
            "npn": [world.producer.producer.npn],
            "grant": [grant_of(world, world.delegate)],
            "old_grant": [grant_of(world, world.former_delegate)],
            "invitation": [DelegateInvitation.objects.values_list("pk", flat=True).first()],
            "token": ["no-such-link"],
            "service": ["fake"],
            "device": [TrustedDevice.objects.values_list("pk", flat=True).first()],
            "session": [999_999_999],
            "sent": ["0" * 40],
            "resource": [Resource.objects.values_list("pk", flat=True).first() or 1],
            "slug": ["of-the-tests"],
            "no_slug": ["draft-of-the-tests"],
            "notice": [Notification.objects.filter(dedupe_key="a delegate").values_list("pk", flat=True).first()],
            "issue": [IssueReport.objects.values_list("number", flat=True).first() or 1],
            "question": [EQuestion.objects.values_list("number", flat=True).first() or 1],
            "prospect": [Prospect.objects.values_list("pk", flat=True).first() or 1],
            "answer_file": EQuestionAttachment.objects.values_list("message__question__number", "pk").first() or [1, 1],
        }.get(self.what, [])

    def data(self, world: World) -> dict[str, str]:
        if self.what in OF_NOTHING:
            return {}
        return {
            "search": {"by": "account", "value": world.account_number},
            "report": {"policy_status": "ALL"},
            "figure": {"show": "status-ALL"},
            "find": {"q": "Solberg"},
            "quick": {"q": "Washington"},
            "grid": {"grid": "filters"},
            "everything": {"all": "1"},
            "card_policy": {"row": str(world.policy.pk)},
            "quote_row": {"row": str(proposal_of(world).quote_id) if self.what == "quote_row" else ""},
            "lead": {"row": str(Prospect.objects.values_list("pk", flat=True).first())},
            "document": {"row": str(DocumentSubmission.objects.values_list("tracking_number", flat=True).first())},
        }.get(self.what, {})


@dataclass(frozen=True)
class Line:
    """A line of the matrix with its address and what is sent; nothing is left to be looked up."""

    asked: Asked
    url: str
    data: dict[str, str]

    def ask(self, client: Client) -> HttpResponse:
        return (client.get if self.asked.method == "GET" else client.post)(self.url, self.data)

    def __str__(self) -> str:
        return f"{self.asked.method} {self.asked.name} {self.asked.what}"


def lines_of(world: World, matrix: list[Asked]) -> list[Line]:
    """What is addressed, once for all lines that address it, and made where it is still missing."""
    first = {asked.what: asked for asked in matrix}
    found = {what: (asked.args(world), asked.data(world)) for what, asked in first.items()}
    return [Line(asked, reverse(asked.name, args=found[asked.what][0]), found[asked.what][1]) for asked in matrix]


@cache
def read_matrix() -> list[Asked]:
    lines = [line.split() for line in MATRIX.strip().splitlines()]
    return [
        Asked(method, name, what, dict(zip(PEOPLE, expected, strict=True))) for method, name, what, *expected in lines
    ]


def outcome(response: HttpResponse) -> str:
    if response.status_code != 302:
        return str(response.status_code)
    return "in" if urlsplit(response["Location"]).path == reverse("accounts:login") else "->"


@pytest.fixture
def invitation(world) -> DelegateInvitation:
    """Somebody the producer of record has asked to become a delegate."""
    return DelegateInvitationFactory(producer=world.producer.producer, invited_by=world.producer)


@pytest.fixture
def notice(world) -> Notification:
    """Something the producer of record was told."""
    return Notification.objects.create(
        recipient=world.producer, kind="delegate.added", title="Dana is now your delegate", dedupe_key="a delegate"
    )


@pytest.fixture
def library() -> None:
    """A form, a piece of news, a draft and a course of the carrier's, all for another state than anybody's."""
    ResourceFactory(states=["OK"], with_file=True)
    NewsItemFactory(slug="of-the-tests", states=["OK"])
    NewsItemFactory(slug="draft-of-the-tests", draft=True)
    TrainingCourseFactory(code="of-the-tests", states=["OK"])


@pytest.fixture
def answer_file(world) -> EQuestionAttachment:
    """A file the carrier sent the producer of record with an answer; its malware scan is still to come."""
    question = EQuestionFactory(asked_by=world.producer, answered=True, text__by=world.admin)
    file = StoredFile.objects.create(name="form.pdf", content_type="application/pdf", size=1, sha256="0" * 64)
    return EQuestionAttachment.objects.create(message=question.messages.get(from_carrier=True), file=file)


@pytest.fixture
def issue(world) -> IssueReport:
    """Something the producer of record has reported."""
    return IssueReportFactory(reported_by=world.producer)


@pytest.fixture
def device(world) -> TrustedDevice:
    """A browser the producer of record is remembered in."""
    now = timezone.now()
    return TrustedDevice.objects.create(
        user=world.producer, token_hash="0" * 64, created_at=now, expires_at=now + timedelta(days=30)
    )


@pytest.fixture
def lead(world) -> Prospect:
    """A prospect of the producer of record."""
    return ProspectFactory(created_by=world.producer)


@pytest.fixture
def document(world) -> DocumentSubmission:
    """Something the producer of record has sent to the carrier."""
    kind, _ = DocumentType.objects.get_or_create(code="other-documents", defaults={"label": "Other Documents"})
    return DocumentSubmission.objects.create(
        tracking_number=1,
        document_type=kind,
        producer=world.producer.producer,
        submitted_by=world.producer,
        file=StoredFile.objects.create(name="form.png", size=1),
        form_key=f"{'0' * 40}-1",
    )


# These are asked every line of the matrix; of the others each is asked every third, a drill asks them all.
ASKED_EVERY_LINE = ("producer", "delegate", "outsider", "admin")
ASKED_SOME_LINES = [who for who in PEOPLE if who not in ASKED_EVERY_LINE]


def lines_for(who: str) -> list[Asked]:
    matrix = read_matrix()
    return matrix if who in ASKED_EVERY_LINE else matrix[ASKED_SOME_LINES.index(who) % 3 :: 3]


@contextmanager
def undone() -> Iterator[None]:
    """What one line changed, or a session that it ended, is as before for the next."""
    before = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(before)


def same_browser(client: Client) -> Client:
    """Another with the same cookies: whatever a line does to them, the next does not see."""
    again = Client()
    again.cookies = deepcopy(client.cookies)
    return again


def outcomes(world: World, client_of: Callable[[str], Client], who: str, lines: list[Asked]) -> tuple[dict, dict]:
    """What happened to this person at each line, and what should have."""
    found, expected = {}, {}
    lines, client = lines_of(world, lines), client_of(who)
    for line in lines:
        with undone():
            answer = line.ask(same_browser(client))
            found[str(line)] = outcome(answer)
            if answer.streaming:
                b"".join(answer.streaming_content)  # a download holds its file until it has been read
        expected[str(line)] = line.asked.expected[who]
    return found, expected


@pytest.mark.feature("SRC_10")
@pytest.mark.feature("HOM_14")
@pytest.mark.parametrize(
    "who", [pytest.param(who, marks=pytest.mark.long) if who in MUCH_LIKE_ANOTHER else who for who in PEOPLE]
)
def test_everybody_gets_exactly_where_they_may(
    world,
    issue,
    library,
    draft,
    invitation,
    device,
    notice,
    answer_file,
    document,
    lead,
    error_pages_once,
    client_of,
    who,
):
    found, expected = outcomes(world, client_of, who, lines_for(who))
    assert found == expected


@pytest.mark.drill
@pytest.mark.parametrize("who", ASKED_SOME_LINES)
def test_everybody_else_is_asked_every_line_too(
    world,
    issue,
    library,
    draft,
    invitation,
    device,
    notice,
    answer_file,
    document,
    lead,
    error_pages_once,
    client_of,
    who,
):
    found, expected = outcomes(world, client_of, who, read_matrix())
    assert found == expected


@pytest.mark.no_db
def test_every_line_of_the_matrix_is_asked_of_others_too():
    asked = Counter(line for who in ASKED_SOME_LINES for line in map(id, lines_for(who)))
    assert [line for line in read_matrix() if asked[id(line)] < 2] == []


@pytest.mark.feature("SRC_10")
@pytest.mark.parametrize("who", ["stranger", "producer", "admin"])
@pytest.mark.sampled(1)
def test_what_the_matrix_does_not_ask_is_refused(
    world, issue, library, draft, invitation, device, notice, answer_file, document, error_pages_once, client_of, who
):
    """No address takes a method that has no line, so nothing that is tried there can have an outcome of its own."""
    matrix, client = read_matrix(), client_of(who)
    listed = {(asked.name, asked.method) for asked in matrix}
    taken = []
    for name, line in {line.asked.name: line for line in lines_of(world, matrix)}.items():
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            if (name, method) not in listed:
                found = outcome(client.generic(method, line.url))
                if found not in ("405", "403", "in"):
                    taken.append((method, name, found))
    assert taken == []


CLOSINGS = {
    "deactivated": lambda user: User.objects.filter(pk=user.pk).update(is_active=False),
    "terminated": lambda user: Producer.objects.filter(pk=user.producer_id).update(status=Producer.Status.TERMINATED),
}


@pytest.mark.feature("SRC_10")
@pytest.mark.parametrize("how", CLOSINGS)
def test_an_open_session_of_a_closed_login_is_worth_as_much_as_none(
    world, issue, library, draft, invitation, device, notice, answer_file, document, error_pages_once, client_of, how
):
    found, expected = {}, {}
    lines, client = lines_of(world, read_matrix()), client_of("producer")
    CLOSINGS[how](world.producer)
    for line in lines:
        with undone():
            found[str(line)] = outcome(line.ask(same_browser(client)))
        expected[str(line)] = line.asked.expected["stranger"]
    assert found == expected


@pytest.mark.no_db
def test_every_address_of_the_portal_is_in_the_matrix():
    listed = {asked.name for asked in read_matrix()}
    existing = {address.name for address in addresses() if not address.is_admin}
    assert "" not in existing, "an address without a name cannot be asked for here"
    assert listed == existing


# --- every view says who may enter ---


def views_without_a_rule(found: list[Address]) -> list[str]:
    return [address.route for address in found if not isinstance(getattr(address.view, "access_rule", None), str)]


@pytest.mark.no_db
def test_every_view_declares_what_it_requires():
    assert views_without_a_rule([address for address in addresses() if not address.is_admin]) == []


@pytest.mark.no_db
def test_a_view_that_declares_nothing_is_found():
    def bare(_request):
        return HttpResponse()

    found = addresses([path("bare/", bare), path("guarded/", requires(Perm.SIGNED_IN)(bare))])
    assert views_without_a_rule(found) == ["bare/"]


@pytest.mark.no_db
def test_public_views_are_known_by_name():
    """Opening another page to strangers takes a line here, where a reviewer sees it."""
    public = {a.name for a in addresses() if not a.is_admin and a.view.access_rule == "public"}
    assert public == {
        "accounts:code-delivery",
        "accounts:delegate-accept",
        "accounts:delegate-invitation",
        "accounts:forgot-password",
        "accounts:forgot-password-code",
        "accounts:forgot-password-method",
        "accounts:forgot-password-new",
        "accounts:forgot-username",
        "accounts:forgot-username-sent",
        "accounts:login",
        "accounts:logout",
        "accounts:register",
        "accounts:register-confirm",
        "accounts:register-create-login",
        "accounts:register-details",
        "accounts:register-review",
        "accounts:register-submitted",
        "accounts:register-verify-email",
        "accounts:resend-username",
        "accounts:typing-pattern",
        "accounts:unlock",
        "accounts:verify",
        "content:contact",
        "content:privacy",
        "demo-mailbox",
        "enrollment:payment-callback",
        "health",
        "health-live",
        "health-ready",
        "legal-terms",
        "legal-typing-pattern",
        "metrics",
    }


def test_the_second_lock_holds_without_the_first(world, notice, error_pages_once, settings):
    """``@requires`` refuses strangers even if the middleware that sends them to the login page is gone."""
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if not name.endswith("LoginRequiredMiddleware")]
    closed = [one for one in read_matrix() if one.expected["stranger"] == "in" and not one.name.startswith("accounts:")]
    assert len(closed) > 100
    for line in lines_of(world, closed):
        assert line.ask(Client()).status_code == 403, line


# --- what is not yours does not exist ---


def assert_foreign_is_absent(client: Client, name: str, *, foreign: str, absent: str) -> None:
    """Both answers are 404 and the same in every byte but the request's id, after the same number of queries."""
    answers, counts = [], []
    for number in (foreign, absent):
        with CaptureQueriesContext(connection) as queries:
            answers.append(client.get(reverse(name, args=[number])))
        counts.append(len(queries))
    assert [answer.status_code for answer in answers] == [404, 404]
    assert pages.same_but_for_tokens(answers[0]) == pages.same_but_for_tokens(answers[1])
    assert counts[0] == counts[1]


FOREIGN = [
    ("outsider", "clients:detail", "policy"),
    ("sibling", "clients:detail", "policy"),
    ("producer", "clients:detail", "sibling_policy"),
    ("producer", "clients:detail", "outsider_policy"),
    ("principal", "clients:detail", "outsider_policy"),
    ("delegate", "clients:detail", "sibling_policy"),
    ("delegate", "clients:detail", "outsider_policy"),
    ("outsider", "clients:detail-by-eapp", "policy"),
    ("producer", "clients:detail-by-eapp", "outsider_policy"),
    ("delegate", "clients:detail-by-eapp", "sibling_policy"),
    ("outsider", "clients:act", "policy"),
    ("delegate", "clients:act", "sibling_policy"),
    ("producer", "clients:act-by-eapp", "outsider_policy"),
    ("outsider", "clients:contact", "policy"),
    ("delegate_with_service", "clients:contact", "sibling_policy"),
    ("outsider", "clients:id-cards", "policy"),
    ("producer", "clients:id-cards", "outsider_policy"),
    ("outsider", "clients:pcp", "policy"),
    ("delegate_with_service", "clients:pcp", "sibling_policy"),
    ("producer", "clients:pcp-confirm", "outsider_policy"),
]
# Named by the random key of an order, or under the client's: tests/clients/test_id_card_views.py asks them all as outsider.
ID_CARD_ADDRESSES = {
    f"clients:{name}"
    for name in (
        *("id-cards-choose", "id-cards-confirm", "id-card-order", "id-card-order-state"),
        *("id-card-order-cancel", "id-card-order-retry", "id-card-bundle", "id-card-file"),
    )
}


@pytest.mark.feature("SRC_10")
@pytest.mark.parametrize(("who", "name", "whose"), FOREIGN)
def test_a_foreign_client_cannot_be_told_from_one_that_does_not_exist(world, client_of, who, name, whose):
    policy = getattr(world, whose)
    foreign = policy.eapp_number if name.endswith("-by-eapp") else policy.account.number
    assert_foreign_is_absent(client_of(who), name, foreign=foreign, absent="0" * len(foreign))


@pytest.mark.feature("SRC_10")
@pytest.mark.parametrize("who", ["outsider", "sibling"])
def test_a_foreign_prospect_cannot_be_told_from_one_that_does_not_exist(world, client_of, lead, who):
    assert_foreign_is_absent(client_of(who), "clients:prospect", foreign=str(lead.pk), absent="999999999")


@pytest.mark.no_db
def test_every_address_with_a_clients_number_is_checked_for_foreign_rows():
    assert {name for _, name, _ in FOREIGN} | {"clients:prospect"} | ID_CARD_ADDRESSES == {
        address.name for address in addresses() if "<" in address.route and address.route.startswith("clients/")
    }


@pytest.mark.parametrize(
    "name", ["clients:detail", "clients:detail-by-eapp", "clients:act", "clients:act-by-eapp", "clients:contact"]
)
def test_a_scope_that_lets_everything_through_is_noticed(world, client_of, monkeypatch, name):
    monkeypatch.setattr(BookScopedQuerySet, "for_user", lambda self, _user, **_: self)
    number = world.policy.eapp_number if name.endswith("-by-eapp") else world.policy.account.number
    with pytest.raises(AssertionError):
        assert_foreign_is_absent(client_of("outsider"), name, foreign=number, absent="0" * len(number))


@pytest.mark.feature("SRC_10")
@pytest.mark.parametrize("who", ["outsider", "sibling"])
@pytest.mark.parametrize("by", ["account", "ssn4"])
def test_a_search_for_a_foreign_client_finds_as_little_as_one_for_nobody(world, client_of, who, by):
    foreign = {"account": world.account_number, "ssn4": world.policy.account.members.get().ssn_last4}[by]
    nobody = {"account": "000000000", "ssn4": "0000"}[by]
    found = []
    for value in (foreign, nobody):
        response = client_of(who).post(reverse("clients:search"), {"by": by, "value": value}, follow=True)
        grid = pages.grid(response)
        found.append((grid.head_line, grid.rows, grid.element.text.split("Data as of")[0]))
        assert grid.rows == []
    assert found[0] == found[1]


HOSTILE_NUMBERS = [
    "%00",
    "1%00",
    "%F0%9F%99%82",
    "%E2%80%AE1",
    "%0A",
    "1%0A",
    "x" * 3000,
    "%27%20OR%201=1%20--",
    "%ED%A0%80",
    "..",
    "%2E%2E%2F",
]


def test_no_number_in_an_address_breaks_the_portal(world, client_of):
    client = client_of("producer")
    for number in HOSTILE_NUMBERS:
        for folder in ("/clients/", "/clients/e-app/"):
            assert client.get(f"{folder}{number}/").status_code in (301, 302, 404), (folder, number)


HOSTILE_QUERIES = [
    "r=%00",
    "r=" + "x" * 3000,
    "r[]=1",
    "r=1&r=2",
    "page=%00",
    "sort=%00&col=%00",
    "format=exe",
]


def test_no_parameter_in_an_address_breaks_the_portal(world, client_of):
    client = client_of("producer")
    for query in HOSTILE_QUERIES:
        for folder in ("/clients/", "/reports/new/", "/reports/desk/", "/reports/commissions/"):
            assert client.get(f"{folder}?{query}").status_code in (200, 302), (folder, query)


# --- rows of every kind ---


@pytest.fixture
def rows(world) -> dict[type[models.Model], models.Model]:
    """One row of every kind that belongs to the producer of record."""
    policy = world.policy
    member = Member.objects.get(account=policy.account)
    today, now = timezone.localdate(), timezone.now()
    group = MedicalGroup.objects.create(number="101", name="Lakeside", us_state="IL", effective_date=today)
    return {
        Account: policy.account,
        Member: member,
        Policy: policy,
        IdCardOrder: (
            order := IdCardOrder.objects.create(
                kind=IdCardOrder.Kind.TEMPORARY,
                account=policy.account,
                requested_at=now,
                requested_by=world.producer,
                form_key="of-the-tests",
            )
        ),
        IdCardRequest: IdCardRequest.objects.create(
            order=order,
            policy=policy,
            member=member,
            kind=IdCardRequest.Kind.TEMPORARY,
            requested_at=now,
            requested_by=world.producer,
        ),
        MemberChange: MemberChange.objects.create(
            kind=MemberChange.Kind.PCP,
            account=policy.account,
            member=member,
            policy=policy,
            payload={},
            idempotency_key="pcp:1",
            not_before=now,
            created_by=world.producer,
        ),
        PcpAssignment: PcpAssignment.objects.create(
            member=member, policy=policy, medical_group=group, effective_date=today, received_on=today
        ),
        WithdrawnPcpAssignment: WithdrawnPcpAssignment.objects.create(
            assignment_id=1,
            member=member,
            policy=policy,
            medical_group=group,
            effective_date=today,
            received_on=today,
            why=WithdrawnPcpAssignment.Why.REPLACED,
            withdrawn_at=now,
            withdrawn_by=world.producer,
        ),
        Prospect: Prospect.objects.create(
            producer=world.producer.producer,
            first_name="Ann",
            last_name="Lee",
            us_state="IL",
            zip="60601",
            created_by=world.producer,
        ),
    }


# Rows that belong to nobody, and rows that are only reached through one that has been fetched in scope.
NOT_SCOPED = {
    MedicalGroup: "the carrier's directory",
    Provider: "the carrier's directory",
    PcpReason: "the carrier's list of reasons",
    apps.get_model("clients", "ContactPoint"): "read with its member",
    apps.get_model("clients", "Coverage"): "read with its policy",
    apps.get_model("clients", "MemberImport"): "figures of the carrier's feed",
    apps.get_model("clients", "SimulatedMemberSystem"): "how the demo's member system behaves",
    apps.get_model("clients", "SimulatedReceipt"): "what the demo's member system has received, by reference",
    apps.get_model("clients", "X12File"): "the carrier's staff alone",
    apps.get_model("clients", "X12TransactionSet"): "the carrier's staff alone",
    apps.get_model("clients", "SurnameForm"): "surnames alone, of nobody in particular",
    apps.get_model("clients", "CardIssuer"): "the carrier's own numbers and addresses",
    apps.get_model("clients", "IdCardRule"): "what the law asks of every card",
    apps.get_model("clients", "PlanCardFacts"): "figures of plans",
}


@pytest.mark.no_db
def test_every_kind_of_client_row_has_the_one_door():
    for model in apps.get_app_config("clients").get_models():
        assert hasattr(model.objects.none(), "for_user") != (model in NOT_SCOPED), model


@pytest.mark.feature("SRC_10")
def test_rows_of_every_kind_are_seen_by_those_whose_book_it_is_and_nobody_else(world, rows):
    scoped = {model for model in apps.get_app_config("clients").get_models() if model not in NOT_SCOPED}
    assert set(rows) == scoped
    for model, row in rows.items():
        seen = {who for who in PEOPLE[2:] if model.objects.for_user(getattr(world, who)).filter(pk=row.pk).exists()}
        assert seen == {
            "producer",
            "principal",
            "delegate",
            "delegate_with_service",
            "delegate_with_enroll",
            "admin",
        }, model


def test_strangers_and_closed_accounts_see_no_row_of_any_kind(world, rows):
    for who in (world.producer, world.admin, world.delegate):
        User.objects.filter(pk=who.pk).update(is_active=False)
    people = [AnonymousUser(), *(User.objects.get(pk=who.pk) for who in (world.producer, world.admin, world.delegate))]
    for model in rows:
        for person in people:
            assert not model.objects.for_user(person).exists(), (model, person)


def test_a_household_with_two_policies_of_one_book_is_one_row(world):
    PolicyFactory(primary=world.policy.account.members.get(), producer_number=world.number, dental=True)
    assert Account.objects.for_user(world.producer).count() == 1
    assert Member.objects.for_user(world.producer).count() == 1


def test_a_producer_with_several_numbers_sees_the_books_of_all(world):
    other = PolicyFactory(producer_number=ProducerNumberFactory(producer=world.producer.producer, us_state="TX"))
    assert set(Policy.objects.for_user(world.producer)) == {world.policy, other}


def test_the_upline_sees_all_below_and_nobody_sees_what_is_above(world):
    deeper = ProducerFactory(parent=world.producer.producer)
    deep = PolicyFactory(producer_number=ProducerNumberFactory(producer=deeper))
    above = PolicyFactory(producer_number=world.principal.producer.numbers.get())
    assert set(Policy.objects.for_user(world.producer)) == {world.policy, deep}
    assert set(Policy.objects.for_user(world.principal)) == {world.policy, world.sibling_policy, deep, above}


# --- delegates ---


def policies_under(world, **changes) -> set[Policy]:
    DelegateGrant.objects.filter(delegate=world.delegate).update(**changes)
    return set(Policy.objects.for_user(User.objects.get(pk=world.delegate.pk)))


def test_a_grant_opens_the_book_from_its_first_to_its_last_day(world):
    today, day = timezone.localdate(), timedelta(days=1)
    mine = {world.policy}
    assert policies_under(world, first_day=today, last_day=today) == mine
    assert policies_under(world, first_day=today, last_day=None) == mine
    assert policies_under(world, first_day=today + day, last_day=None) == set()
    assert policies_under(world, first_day=today - day, last_day=today - day) == set()


def test_a_revoked_grant_closes_the_book_at_once(world, client_of):
    client = client_of("delegate")
    url = reverse("clients:detail", args=[world.account_number])
    assert client.get(url).status_code == 200
    DelegateGrant.objects.filter(delegate=world.delegate).update(revoked_at=timezone.now(), revoked_by=world.producer)
    assert client.get(url).status_code == 403


def test_a_delegate_sees_the_granting_producers_own_book_only(world):
    below = PolicyFactory(
        producer_number=ProducerNumberFactory(producer=ProducerFactory(parent=world.producer.producer))
    )
    assert below in set(Policy.objects.for_user(world.producer))
    assert set(Policy.objects.for_user(world.delegate)) == {world.policy}


def test_rights_of_one_grant_do_not_open_the_book_of_another(world):
    DelegateGrantFactory(producer=world.sibling.producer, delegate=world.delegate, scopes=[DelegateScope.SERVICE.value])
    both = User.objects.get(pk=world.delegate.pk)
    assert both.has_portal_perm(Perm.CLIENT_SERVICE)
    assert set(Policy.objects.for_user(both)) == {world.policy}
    assert set(Policy.objects.for_user(both, perm=Perm.CLIENT_SERVICE)) == {world.sibling_policy}
    mine, theirs = world.policy.producer_number_id, world.sibling_policy.producer_number_id
    scoping.require_on_book(both, Perm.CLIENT_SERVICE, producer_number_id=theirs)
    for number, perm in ((mine, Perm.CLIENT_SERVICE), (theirs, Perm.CLIENT_VIEW), (theirs, Perm.ENROLL)):
        with pytest.raises(PermissionDenied):
            scoping.require_on_book(both, perm, producer_number_id=number)


@pytest.mark.feature("HOM_14")
def test_each_scope_opens_what_it_says_and_nothing_else(world):
    scopes = {
        "delegate": {Perm.CLIENT_VIEW, Perm.REPORT_RUN},
        "delegate_with_service": {Perm.CLIENT_VIEW, Perm.REPORT_RUN, Perm.CLIENT_SERVICE, Perm.CARRIER_CONTACT},
        "delegate_with_enroll": {Perm.CLIENT_VIEW, Perm.REPORT_RUN, Perm.ENROLL},
        "delegate_without_view": {Perm.COMMISSIONS_VIEW},
        "former_delegate": set(),
    }
    for who, perms in scopes.items():
        assert scoping.held_perms(getattr(world, who)) == {Perm.SIGNED_IN} | perms, who
    everything = [scope.value for scope in DelegateScope]
    DelegateGrant.objects.filter(delegate=world.delegate).update(scopes=everything)
    never = {Perm.ENROLL_ON_EXCHANGE, Perm.DELEGATES_MANAGE, Perm.HIERARCHY_VIEW, Perm.STATES_REGISTER}
    assert not scoping.held_perms(world.delegate) & (never | {Perm.CARRIER_ADMIN})


@pytest.mark.feature("HOM_14")
@pytest.mark.parametrize(
    ("who", "perm", "may"),
    [
        ("delegate", Perm.CLIENT_SERVICE, False),
        ("delegate", Perm.ENROLL, False),
        ("delegate_with_service", Perm.CLIENT_SERVICE, True),
        ("delegate_with_service", Perm.CARRIER_CONTACT, True),
        ("delegate_with_service", Perm.ENROLL, False),
        ("delegate_with_enroll", Perm.ENROLL, True),
        ("delegate_with_enroll", Perm.CLIENT_SERVICE, False),
        ("delegate_with_enroll", Perm.ENROLL_ON_EXCHANGE, False),
        ("delegate_without_view", Perm.CLIENT_VIEW, False),
        ("former_delegate", Perm.CLIENT_VIEW, False),
    ],
)
def test_a_scope_counts_on_the_book_it_was_granted_for(world, who, perm, may):
    person, book = getattr(world, who), world.policy.producer_number_id
    assert Policy.objects.for_user(person, perm=perm).exists() is may
    if may:
        scoping.require_on_book(person, perm, producer_number_id=book)
    else:
        with pytest.raises(PermissionDenied):
            scoping.require_on_book(person, perm, producer_number_id=book)
    with pytest.raises(PermissionDenied):
        scoping.require_on_book(person, perm, producer_number_id=world.sibling_policy.producer_number_id)


def test_who_may_view_one_book_and_service_another_may_not_swap_them(world):
    """The two rights meet in one person and never on one book, whether or not one producer is chosen in the header."""
    DelegateGrantFactory(
        producer=world.sibling.producer,
        delegate=world.delegate,
        scopes=[DelegateScope.VIEW.value, DelegateScope.SERVICE.value],
    )
    viewed, serviced = world.policy.producer_number_id, world.sibling_policy.producer_number_id
    for chosen in (None, world.producer.producer_id, world.sibling.producer_id):
        person = User.objects.get(pk=world.delegate.pk)
        person.work_for(chosen)
        for number, perm, may in (
            (viewed, Perm.CLIENT_VIEW, chosen != world.sibling.producer_id),
            (viewed, Perm.CLIENT_SERVICE, False),
            (serviced, Perm.CLIENT_VIEW, chosen != world.producer.producer_id),
            (serviced, Perm.CLIENT_SERVICE, chosen != world.producer.producer_id),
        ):
            found = Policy.objects.for_user(person, perm=perm).filter(producer_number_id=number).exists()
            assert found is may, (chosen, number, perm)
            if may:
                scoping.require_on_book(person, perm, producer_number_id=number)
            else:
                with pytest.raises(PermissionDenied):
                    scoping.require_on_book(person, perm, producer_number_id=number)


def test_a_right_on_a_book_needs_the_book(world):
    mine, foreign = world.policy.producer_number_id, world.outsider_policy.producer_number_id
    for person, number in (
        (world.producer, mine),
        (world.principal, mine),
        (world.admin, mine),
        (world.admin, foreign),
    ):
        scoping.require_on_book(person, Perm.CLIENT_SERVICE, producer_number_id=number)
    for person, number in ((world.producer, foreign), (world.delegate, mine), (world.outsider, mine)):
        with pytest.raises(PermissionDenied):
            scoping.require_on_book(person, Perm.CLIENT_SERVICE, producer_number_id=number)
    with pytest.raises(PermissionDenied):
        scoping.require_on_book(world.admin, Perm.ENROLL, producer_number_id=mine)


def test_several_producers_may_grant_to_one_delegate(world):
    DelegateGrantFactory(producer=world.sibling.producer, delegate=world.delegate)
    assert set(Policy.objects.for_user(world.delegate)) == {world.policy, world.sibling_policy}


def test_people_made_for_these_tests_are_who_they_say(world):
    assert world.outsider.producer.edges_up.count() == 1
    assert world.producer.producer.parent == world.principal.producer
    assert {person.role for person in (world.delegate, world.delegate_without_view)} == {User.Role.DELEGATE}
    assert UserFactory().has_portal_perm(Perm.CLIENT_VIEW)
    assert MemberFactory().account.policies.count() == 0
