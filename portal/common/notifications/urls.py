from django.urls import path

from portal.common.notifications import views

app_name = "notifications"

urlpatterns = [
    path("", views.notifications, name="list"),
    path("preferences/", views.notification_preferences, name="preferences"),
    path("bell/", views.bell, name="bell"),
    path("read-all/", views.read_all, name="read-all"),
    path("<int:notification_id>/open/", views.open_notification, name="open"),
    path("<int:notification_id>/read/", views.read_notification, name="read"),
    path("<int:notification_id>/unread/", views.unread_notification, name="unread"),
]
