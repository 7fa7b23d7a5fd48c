from django.urls import path

from clients.views import detail, search

app_name = "clients"

urlpatterns = [
    path("", search.search, name="search"),
    path("e-app/<str:eapp_number>/", detail.detail_by_eapp, name="detail-by-eapp"),
    path("<str:account_number>/", detail.detail, name="detail"),
]
