"""A seeded day of an invented shop: its customers write, its staff answer late or never.

    story/*.toml | script | timeline | world | feed
    who says what  reads it  when, ids  what happens and becomes visible  lines in a file

One simulation for demo, tests, chaos and capacity planning. It imports nothing of `monitor`, so
that it can contradict it. All networks stand on the one HTTP server of `serving`, with one plan of
what goes wrong. `load` makes cheap posts by the million for measuring.
"""
