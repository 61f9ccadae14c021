"""App stores: reviews with stars, each with the owner's one response.

    google_play, app_store | look             | reviews
    the plug-ins: how each | newest first, so | what both make of a review:
    store is asked         | far back as the  | one or two posts, and a mark
                           | window reaches   | that says whether it changed

`cursor` is the text in which `look` remembers the marks, `hourly` keeps to the calls that a store allows
in an hour.
"""
