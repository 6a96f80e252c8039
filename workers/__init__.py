"""Slow, bulk and scheduled work, done beside the hubs by Celery workers.

`task` declares a task over a coroutine; `tasks/` holds them, one subject per file, found by folder; `jobs` keeps the
job documents; `process` runs a task inside one worker process; `app` is the only room that knows Celery.
"""
