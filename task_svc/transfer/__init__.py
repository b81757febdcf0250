"""Tasks as files: out, and in again."""
