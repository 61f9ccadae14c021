"""The only SQL (SQLAlchemy Core), for SQLite and PostgreSQL alike.

Functions take a connection: the caller owns the transaction (`engine.Database.writing` and
`.reading`). Everything is scoped by brand, but for the few functions in
`cross_brand` and what is marked by `cross_brand.across`.
"""
