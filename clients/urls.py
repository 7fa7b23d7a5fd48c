from django.urls import path, register_converter

from clients.views import detail, search
from portal.common.converters import NumberConverter

app_name = "clients"
register_converter(NumberConverter, "number")

urlpatterns = [
    path("", search.search, name="search"),
    path("e-app/<number:eapp_number>/", detail.detail_by_eapp, name="detail-by-eapp"),
    path("<number:account_number>/", detail.detail, name="detail"),
]
