"""What a row means that somebody else's program wrote: our fields by name, made a post or a deletion.

    meaning              | times                    | texts
    a row of our fields, | every form of time that  | endless texts cut,
    as Post or Gone      | has one reading only     | and it is said

Shared by the sources that are fed with rows (`files`, `webhook`).
"""
