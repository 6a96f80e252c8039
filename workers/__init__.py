"""The Celery application and its tasks: bulk, scheduled and slow work. Each task is idempotent."""
