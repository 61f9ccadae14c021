"""Rotas: who is on call, by calendars that people keep elsewhere.

    file or address -> reading -> text -> shifts -> who is on call when

Nothing is stored here, and nobody is told.
"""
