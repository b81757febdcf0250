"""The user service: accounts, sign-in and profiles."""
