"""What is reached by HTTP: pages, the API, and what others send in. Needs the extra `web`.

    serving           | app                   | limits, hosts, headers | health, intake, …
    a socket, until   | puts the parts        | what holds for every   | one file a job, each
    it is stopped     | together, once        | call, whatever it asks | with its own `router`

A part is an `APIRouter` in a file of its own, named in `app.PARTS`. What it needs it asks of `Site`, by
`monitor.web.site.Here`; errors are raised as `HTTPException` and leave as problem+json (`problems`).
Calls into the database are plain functions (`def`): they run in threads. Nothing here imports a plug-in.
"""
