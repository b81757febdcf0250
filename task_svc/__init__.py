"""The task service: what people and programs have to do."""
