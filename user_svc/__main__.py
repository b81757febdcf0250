"""Runs the user service until it is asked to stop."""

from mesh import lifecycle, logs
from mesh.settings import load
from user_svc.app import app
from user_svc.settings import UserSettings

if __name__ == "__main__":
    settings = load(UserSettings)
    logs.configure("user_svc", settings.log_level, routine_share=settings.log_routine_share)
    lifecycle.run(lambda: app(settings))
