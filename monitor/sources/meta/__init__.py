"""What Facebook and Instagram have in common: Meta's Graph API, which both speak.

graph, usage         | edges                    | hook                   | source
a call and what its  | an edge's things, and    | what Meta tells by a   | streams, refresh and
refusal means; what  | the comments under many  | webhook: which thing   | answers, the same for
Meta lets us ask yet | posts, newest first      | is to be looked at     | `facebook`, `instagram`
"""
