"""The way of the data, in one direction.

    sources | intake | classify | triage | settle | escalate | deliver       forget
              refresh

    intake    pages of posts        -> posts, mentions, sightings, the coverage ledger and the cursor
    refresh   posts that are kept   -> the same, asked of their network again: edited, deleted, standing
    classify  posts not yet judged  -> judgements
    triage    judged mentions       -> verdicts; a complaint opens a case or joins one
    settle    mentions in threads   -> waits end: answers, deletions, late roots find their cases
    rota      calendars of shifts   -> who is on call, for the steps that tell them
    escalate  open waits            -> steps of the policy, written to the outbox
    wake      what quiet hours held -> one summary when they end, of what is still open
    listen    the coverage ledger   -> operators hear of streams that are not read or have gone silent
    gather    alarms in the outbox  -> of many at once one message, and lists that name each case
    surge     topics' last hour     -> a notice where it is above their own past
    deliver   the outbox            -> console, e-mail, Slack …
    sample    what was let pass     -> some of it, each week, to people: so misses are measured
    watch     judgements of weeks   -> a word to the operators when they are not what they were
    forget    what was kept long    -> purged: words and names; counts, timings and keys stay

And back to the networks, beside it:

    reply     answers people wrote  -> the network; the answer posted -> posts, mentions, as by intake

Digest, report and the pages read the same tables. Stages never import each other: the database is
where they meet. Each has a `name`; `due(now)`, the keys of some items that can be handled now, a
cheap question; and `handle(item, now)`, which does one in one transaction (intake: one a page, and
never a network call inside) and raises when it fails: the runner isolates the item, backs it off and
in the end sets it aside. Doing an item twice changes nothing, so a crash anywhere is repaired by
running the stage again.
"""
