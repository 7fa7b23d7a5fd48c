from django.urls import path

from reporting.views import builder

app_name = "reporting"

urlpatterns = [
    path("new/", builder.new, name="new"),
]
