from django.urls import path

from reporting.views import builder, commissions, dashboard, desk, runs, saved

app_name = "reporting"

urlpatterns = [
    path("", dashboard.index, name="index"),
    path("figure/", dashboard.figure, name="figure"),
    path("new/", builder.new, name="new"),
    path("new/file/", builder.file, name="file"),
    path("desk/", desk.desk, name="desk"),
    path("desk/sheet/", desk.desk_sheet, name="desk-sheet"),
    path("desk/policy/<int:policy_id>/", desk.desk_policy, name="desk-policy"),
    path("desk/application/<slug:record_number>/", desk.desk_application, name="desk-application"),
    path("commissions/", commissions.commissions, name="commissions"),
    path("commissions/<int:statement_id>/", commissions.commission, name="commission"),
    path("saved/", saved.saved, name="saved"),
    path("saved/new/", saved.saved_new, name="saved-new"),
    path("saved/<int:saved_id>/", saved.saved_change, name="saved-change"),
    path("saved/<int:saved_id>/run/", saved.saved_run, name="saved-run"),
    path("saved/<int:saved_id>/delete/", saved.saved_delete, name="saved-delete"),
    path("saved/<int:saved_id>/restore/", saved.saved_restore, name="saved-restore"),
    path("runs/<uuid:key>/", runs.run, name="run"),
    path("runs/<uuid:key>/state/", runs.run_state, name="run-state"),
    path("runs/<uuid:key>/cancel/", runs.run_cancel, name="run-cancel"),
    path("runs/<uuid:key>/retry/", runs.run_retry, name="run-retry"),
    path("runs/<uuid:key>/open/", runs.run_open, name="run-open"),
    path("runs/<uuid:key>/file/", runs.run_file, name="run-file"),
]
