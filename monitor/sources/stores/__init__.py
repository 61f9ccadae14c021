"""App stores: reviews with stars, each with the owner's one response.

    google_play, app_store
    the plug-ins: how each store is asked; how a listing of reviews is read is the business of
    `monitor.reviewing`

`hourly` keeps to the calls that a store allows in an hour.
"""
