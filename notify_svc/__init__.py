"""The notification service: how people hear of what concerns them."""
