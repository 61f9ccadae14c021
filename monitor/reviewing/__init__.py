"""What sources of reviews have in common: stores of apps, maps, review sites, comments below videos.

    look               | reviews              | site
    newest first, as   | a review as a post,  | one review looked up again,
    far back as the    | the owner's response | or for the answer to it,
    window reaches     | as another           | over plain HTTP

`cursor` is the text in which `look` remembers the marks, `options` what a config says of every such
source.
"""
