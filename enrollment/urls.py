from django.urls import URLPattern, path

from enrollment.views import quote_list, quotes

app_name = "enrollment"

urlpatterns: list[URLPattern] = [
    path("", quote_list.home, name="home"),
    path("quotes/", quote_list.quotes, name="quotes"),
    path("quotes/new/", quotes.quote_add, name="quote-add"),
    path("quotes/delete/", quote_list.quotes_delete, name="quotes-delete"),
    path("quotes/restore/", quote_list.quotes_restore, name="quotes-restore"),
    path("quotes/copy/", quote_list.quotes_copy, name="quotes-copy"),
    path("quotes/rename/", quote_list.quotes_rename, name="quotes-rename"),
    path("quotes/<int:quote_id>/", quotes.quote_plans, name="quote-plans"),
    path("quotes/<int:quote_id>/edit/", quotes.quote_edit, name="quote-edit"),
    path("quotes/<int:quote_id>/compare/", quotes.quote_compare, name="quote-compare"),
    path("quotes/<int:quote_id>/review/", quotes.quote_review, name="quote-review"),
    path("quotes/<int:quote_id>/save/", quotes.quote_save, name="quote-save"),
    path("quotes/<int:quote_id>/copy/", quotes.quote_copy, name="quote-copy"),
]
