from django.urls import path, register_converter

from clients.views import detail, pcp, prospects, provider_finder, search
from portal.common.converters import NumberConverter

app_name = "clients"
register_converter(NumberConverter, "number")

urlpatterns = [
    path("", search.search, name="search"),
    path("prospects/", prospects.prospects, name="prospects"),
    path("prospects/new/", prospects.prospect_add, name="prospect-add"),
    path("prospects/print/", prospects.prospects_print, name="prospects-print"),
    path("prospects/export/", prospects.prospects_export, name="prospects-export"),
    path("prospects/delete/", prospects.prospects_delete, name="prospects-delete"),
    path("prospects/deleted/", prospects.prospects_deleted, name="prospects-deleted"),
    path("prospects/restore/", prospects.prospects_restore, name="prospects-restore"),
    path("prospects/<int:prospect_id>/", prospects.prospect, name="prospect"),
    path("providers/", provider_finder.provider_finder, name="provider-finder"),
    path("quick/", search.quick_search, name="quick-search"),
    path("e-app/<number:eapp_number>/", detail.detail_by_eapp, name="detail-by-eapp"),
    path("e-app/<number:eapp_number>/go/", detail.act_by_eapp, name="act-by-eapp"),
    path("<number:account_number>/", detail.detail, name="detail"),
    path("<number:account_number>/go/", detail.act, name="act"),
    path("<number:account_number>/pcp/", pcp.pcp, name="pcp"),
    path("<number:account_number>/pcp/confirm/", pcp.pcp_confirm, name="pcp-confirm"),
]
