"""Long work that survives a kill: pipelines of steps, each step checkpointed when it ends.

`records` says what a job is, `progress` what a step may tell, `service.Jobs` runs them. DBOS is behind it and
nothing else imports it.
"""
