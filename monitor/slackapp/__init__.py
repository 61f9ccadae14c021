"""Slack as the place of work: what people press, type and send off there, and what comes of it.

==========  ==========================================================================
door        receives, acknowledges at once, and hands the work on
making      makes it out of what the config says
serving     how it comes in: Socket Mode, or signed HTTP
workplace   what the work needs: the database, the desks, the config
presses     buttons and menus
submissions what is sent off in modals
filled      what was typed and chosen in a modal
replying    the modal in which a customer is answered
command     `/complaints`
home        the Home tab
staff       who somebody is, and what that person may do
calls       calls of Slack's Web API, none of which is repeated
==========  ==========================================================================

Nothing here changes a case by itself: that is done by the functions of `stages.act` and
`stages.answer`, the same as behind the command line, each in one transaction that also notes the key
of what was pressed. So what Slack delivers twice is done once. Cards are edited by the outbox.
"""
