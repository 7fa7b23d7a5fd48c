from django.urls import path

from portal.common.content.views import contacts, legal, library, training

app_name = "content"

urlpatterns = [
    path("resources/", library.resources, name="resources"),
    path("resources/<int:resource_id>/file/", library.resource_download, name="resource-download"),
    path("news/", library.news, name="news"),
    path("news/<slug:slug>/", library.news_item, name="news-item"),
    path("training/", training.training, name="training"),
    path("training/<slug:code>/", training.course, name="course"),
    path("contact/", contacts.contact, name="contact"),
    path("legal/privacy/", legal.privacy, name="privacy"),
]
