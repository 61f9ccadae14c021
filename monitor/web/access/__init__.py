"""Who is let in, and to what.

    doors                 | visits                       | passwords
    needs(Role.X): what   | a browser's session, and     | hashed, and checked as
    a page or route asks  | its proof of our own forms   | slowly as they must be

A route says `who: Annotated[Principal, Depends(needs(Role.AGENT))]`. Whoever comes with a session proves
with every change that the form was ours; whoever comes with a token needs its scope, and opens no page.
"""

from monitor.domain.access import Principal, Role, Scope, Via
from monitor.web.access.doors import needs

__all__ = ["Principal", "Role", "Scope", "Via", "needs"]
