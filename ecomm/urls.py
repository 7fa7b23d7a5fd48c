from django.urls import URLPattern

app_name = "ecomm"

urlpatterns: list[URLPattern] = []
