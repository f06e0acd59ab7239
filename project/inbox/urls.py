"""The inbox's pages. For local installations only: whoever opens them reads everyone's mail."""

from django.urls import path

from project.inbox import views

app_name = "inbox"
urlpatterns = [
    path("", views.messages, name="messages"),
    path("<int:number>/", views.message, name="message"),
    path("<int:number>/answer", views.answer, name="answer"),
    path("<int:number>/html", views.html, name="html"),
]
