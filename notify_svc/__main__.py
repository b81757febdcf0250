"""Runs the notification service until it is asked to stop."""

from mesh import lifecycle, logs
from mesh.settings import load
from notify_svc.app import app
from notify_svc.settings import NotifySettings

if __name__ == "__main__":
    settings = load(NotifySettings)
    logs.configure("notify_svc", settings.log_level, routine_share=settings.log_routine_share)
    lifecycle.run(lambda: app(settings))
