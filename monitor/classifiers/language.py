"""A light guess at a text's language: one of eight, or not told.

Small words and letters of their own give languages away; no model is needed. Eight, of which the
shipped model is measured on two: a French post must not pass for a Romanian one because both say
"de" and "la". Where a network states the language, that statement counts instead.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_LONGEST = 2_000
"""Characters that are looked at."""
_LETTER = 2
"""A letter that one language alone has says as much as two words."""
_PART = 12
"""One small word in so many, at least: less is a name, or another language altogether."""

_SMALL = {
    "en": """the and you your for with this that have has had was were are is it it's i'm i my me we
    our they what when where why how not don't can't didn't doesn't won't isn't of to at by from been
    would could should will just get got still again please thanks thank order help does did there
    their them who which than then after before because about any only its i've you're never always
    nothing love great good bad best worst app service be as an if no but all out up on or so he she
    his her him us do can more very too now off over into""",
    "ro": """și si să sa nu am ați ati la cu din pe că ca ce de un una unei este sunt au fost mai dar
    pentru vă va mi îmi imi mă ma nici când cand unde cum cât cat iar tot foarte asta acest această
    voi noi eu el ea lui lor dacă daca sau după dupa până pana fără fara bine bun bună buna prea
    mulțumesc multumesc mersi vreau aveți aveti aș ai se le îi ii cei cele care nimeni nimic acum
    azi ieri mâine maine zile lei comanda comandă coletul produsul rog salut am-ați mi-ați v-am n-am
    s-a e în in o nou iarăși chiar doar deja trebuie poate pot fi ar fac face știu stiu dau
    zis spus luat dat venit decât decat atât atat alt altă alta niște niste pai păi deci""",
    "de": """der die das und ist nicht ein eine einen ich sie wir ihr mit auf für von zu den dem des im
    es war hat habe haben wird werden noch nur auch aber oder wenn wie was wo warum schon sehr bei aus
    nach vor über mein meine mich mir uns kein keine immer seit mal da dass doch bitte danke heute
    sind bin man so dann hier jetzt mehr als am um zum zur er ihre euch gibt leider wieder""",
    "fr": """le la les des un une et est pas je vous nous il elle ne que qui pour dans avec sur ce cette
    mon ma mes votre vos au aux du de en plus mais ou où très tout c'est j'ai n'est qu'il d'un d'une ça
    été avoir être fait si bien merci bonjour toujours jamais depuis encore personne sans on leur par
    sont ont même aussi comme rien quand son sa ses se y suis avez jour jours colis""",
    "es": """el la los las un una y es no de que en por para con me mi mis se lo le su sus del al más muy
    pero como cuando donde qué ya hay está están fue ser he ha han son yo tú usted ustedes nos les sin
    sobre todo nada nadie siempre nunca desde hace gracias hola porque si también esto esta este ni
    después tengo tiene ahora aquí bien solo sólo días pedido vez otra otro""",
    "it": """il lo la i gli le un una e è non di che in per con mi mio mia si ci vi da dal del della dei
    delle al alla nel nella sul più ma come quando dove cosa già c'è sono ho ha hanno abbiamo avete
    essere stato stata io tu voi noi loro senza tutto niente nessuno sempre mai ancora grazie ciao
    perché se anche questo questa molto solo ora giorni dopo ordine pacco l'ho dell'ordine poi
    fatto""",
    "pt": """o a os as um uma e é não de que em por para com me meu minha se do da dos das no na nos nas
    ao mais muito mas como quando onde já há está estão foi ser tenho tem têm são eu você vocês sem
    sobre tudo nada ninguém sempre nunca desde obrigado obrigada olá porque também isto isso este esta
    depois agora aqui bem só dias pedido encomenda outra outro ainda faz até foram pelo pela""",
    "hu": """a az és nem van egy hogy de meg ez ezt azt már még csak mert mint volt vagyok lesz
    nincs kell lehet nagyon itt ott most mi én te ő mit ki hol miért mikor hogyan vagy sem se el
    fel be ki le minden semmi senki mindig soha köszönöm kérem szia jó napot nekem önök napja óta után
    csomag rendelés rendelésem vissza""",
}
_WORDS = {language: frozenset(words.split()) for language, words in _SMALL.items()}
_LETTERS = {
    "ro": frozenset("ășțşţ"),  # â and î are French and others' too; ş is Turkish, too
    "de": frozenset("ß"),
    "es": frozenset("ñ"),
    "pt": frozenset("ãõ"),
    "hu": frozenset("őű"),
    "fr": frozenset("œùê"),
}
_MARKS = {"es": frozenset("¿¡")}


def of_post(stated: str | None, text: str) -> str | None:
    """The primary tag (BCP 47) of the language that the network stated, else the guess at the text's."""
    return (stated or "").replace("_", "-").partition("-")[0].strip().lower() or guess(text)


def guess(text: str) -> str | None:
    """A language of the eight, or None where too little speaks for one more than for any other."""
    begin = text[:_LONGEST].casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    words = _WORD.findall(begin)
    said = {
        language: sum(
            (word in small) + _LETTER * (not _LETTERS.get(language, _NONE).isdisjoint(word))
            for word in words
        )
        + _LETTER * (not _MARKS.get(language, _NONE).isdisjoint(begin))
        for language, small in _WORDS.items()
    }
    first, second = sorted(said.values(), reverse=True)[:2]
    if first == second or first < max(1, len(words) // _PART):
        return None
    return max(said, key=said.__getitem__)


_NONE: frozenset[str] = frozenset()
