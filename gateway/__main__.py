"""Runs the gateway, in one process or several, until it is asked to stop."""

from gateway.app import app
from gateway.settings import GatewaySettings
from gateway.workers import workers
from mesh import lifecycle, logs
from mesh.settings import load

if __name__ == "__main__":
    settings = load(GatewaySettings)
    logs.configure("gateway", settings.log_level, routine_share=settings.log_routine_share)
    lifecycle.run(lambda: workers(settings) if settings.gateway_workers > 1 else app(settings))
