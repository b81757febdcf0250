"""What every process of the platform needs, and nothing of users, tasks or notifications."""
