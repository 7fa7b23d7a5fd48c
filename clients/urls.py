from django.urls import path, register_converter

from clients.views import contact, detail, id_cards, pcp, prospects, provider_finder, search
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
    path("id-cards/", id_cards.id_cards_of_list, name="id-cards-of-list"),
    path("id-cards/<uuid:key>/", id_cards.id_card_order, name="id-card-order"),
    path("id-cards/<uuid:key>/state/", id_cards.id_card_order_state, name="id-card-order-state"),
    path("id-cards/<uuid:key>/cancel/", id_cards.id_card_order_cancel, name="id-card-order-cancel"),
    path("id-cards/<uuid:key>/retry/", id_cards.id_card_order_retry, name="id-card-order-retry"),
    path("id-cards/<uuid:key>/file/", id_cards.id_card_file, name="id-card-bundle"),
    path("id-cards/<uuid:key>/<int:card_id>/", id_cards.id_card_file, name="id-card-file"),
    path("providers/", provider_finder.provider_finder, name="provider-finder"),
    path("quick/", search.quick_search, name="quick-search"),
    path("e-app/<number:eapp_number>/", detail.detail_by_eapp, name="detail-by-eapp"),
    path("e-app/<number:eapp_number>/go/", detail.act_by_eapp, name="act-by-eapp"),
    path("<number:account_number>/", detail.detail, name="detail"),
    path("<number:account_number>/id-cards/", id_cards.id_cards, name="id-cards"),
    path("<number:account_number>/id-cards/<slug:kind>/", id_cards.id_cards_choose, name="id-cards-choose"),
    path("<number:account_number>/id-cards/<slug:kind>/confirm/", id_cards.id_cards_confirm, name="id-cards-confirm"),
    path("<number:account_number>/go/", detail.act, name="act"),
    path("<number:account_number>/contact/", contact.contact, name="contact"),
    path("<number:account_number>/pcp/", pcp.pcp, name="pcp"),
    path("<number:account_number>/pcp/confirm/", pcp.pcp_confirm, name="pcp-confirm"),
]
