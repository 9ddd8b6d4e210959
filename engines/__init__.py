"""Who is asked: the in-house engine, one adapter file per library, and the sandbox they run in."""
