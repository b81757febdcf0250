"""Runs the task service until it is asked to stop."""

from mesh import lifecycle, logs
from mesh.settings import load
from task_svc.app import app
from task_svc.settings import TaskSettings

if __name__ == "__main__":
    settings = load(TaskSettings)
    logs.configure("task_svc", settings.log_level, routine_share=settings.log_routine_share)
    lifecycle.run(lambda: app(settings))
