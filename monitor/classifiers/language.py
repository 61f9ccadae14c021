"""A light guess at a text's language: one of eight, or not told.

Small words and letters of their own give languages away; no model is needed. Eight, of which the
shipped model is measured on two: a French post must not pass for a Romanian one because both say
"de" and "la". Others are known only so that a Dutch post does not pass for a Spanish one: what speaks
for them, or is written in another script, is not told. Where a network states the language, that
statement counts instead.
"""

from __future__ import annotations

import re
import string
from collections import Counter

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
_OTHERS = {
    "nl": """de het een en is in dat niet ik je jij mijn wij ze zij hij er op aan voor maar ook als dan
    nog wel geen naar bij zijn heb heeft hebben wordt worden kan kunnen kunt wil waar wanneer waarom hoe
    wat wie deze dit daar hier weer steeds altijd nooit niemand iemand iets niets alles graag bedankt
    dank jullie jou uw onze ons hun toch zo veel erg goed slecht bestelling pakket pakketje dagen weken
    geld terug blijft sinds""",
    "pl": """na do nie się sie to że ze jest są sa był była było mam ma mi mnie moje moja mój co jak
    kiedy gdzie czy dlaczego już juz jeszcze od za po dla bo tak bardzo tylko też tez nikt nic zawsze
    nigdy przez przy tego tej tym proszę prosze dziękuję dziekuje dzięki dzień dobry paczka paczki
    paczkę zamówienie zamówienia dni tydzień tygodnia tygodni nadal ciągle was wam państwo której którym""",
    "sv": """och att det är en ett som på av för med den inte jag har de du ni mitt mina er ert från när
    hur varför vem kan ska skulle så här där nu bara igen alltid aldrig ingen inget någon något mycket
    bra dåligt tack hej paket paketet beställning pengar dagar vecka veckor fortfarande också eller utan
    efter kommer blir blev gång""",
    "da": """og at det er en et som på af med den til ikke jeg har de du mit jer jeres fra hvor hvornår
    hvordan hvorfor hvad hvem kan skal skulle så her der nu kun igen altid aldrig ingen intet nogen
    noget meget godt dårligt tak hej pakke pakken bestilling penge dage uge uger stadig også eller uden
    efter bliver kommer mangler""",
    "no": """og at det er en et som på av med den til ikke jeg har de du dere mitt deres fra hvor når
    hvordan hvorfor hva hvem kan skal skulle så her der nå igjen alltid aldri ingen ingenting noen noe
    mye bra dårlig takk hei pakke pakken bestilling penger dager uke uker fortsatt også eller uten etter
    blir kommer vil""",
    "fi": """ja on että se en olen olet ole oli mutta kun niin myös tai minun minulle mun teidän minä
    sinä hän me he mitä missä mihin milloin miksi miten kuka kuinka nyt vielä jo aina koskaan kukaan
    mitään hyvä huono kiitos hei moi paketti pakettia tilaus tilausta rahat rahoja päivää viikkoa viikon
    takaisin vain vaan tämä tämän tuo kanssa sitten eikä olisi voi pitää joka ovat""",
    "tr": """ve bir bu de için icin ile çok cok mi mı mu mü ama yok daha en gibi kadar sonra ben sen siz
    biz benim bana beni hala hâlâ değil degil neden nasıl nasil nerede kim her hiç hic şey sey olarak
    oldu olan oluyor kargo kargom sipariş siparis siparişim paket para param gün gun gündür hafta
    haftadır lütfen lutfen teşekkürler tesekkurler teşekkür ederim merhaba iyi kötü geri kimse cevap
    artık artik zaman saat ürün urun""",
    "hr": """je se na za od sa su nije što sto kako gdje gde kada kad zašto zasto tko ko ali još već vec
    samo kao biti bio bila bilo ima imam nema moj moja moje mi me vas vam nam po do ili jer sam ste smo
    ovo to taj uvijek nikad nitko niko ništa nista hvala molim dobar dan paket narudžba narudžbu dana
    tjedna tjedan novac novca nazad ni čekam cekam sve svaki ki in pa še kje""",
    "cs": """je se na že ze to do už uz jsem jste jsme není neni být byl byla bylo mi mě můj muj moje
    jak kde kdy proč proc co kdo ještě jeste jen také nebo od za po při tak jako nikdo nic vždy nikdy
    děkuji dekuji prosím prosim dobrý dobry den balík balik zásilka zásilku objednávka objednávku dní
    dny týden tyden zpět stále vás vám mám má když kdyz která který som ste sme nie aj ako kedy prečo čo
    kto len alebo pred ďakujem späť""",
    "id": """dan yang di ke dari ini itu untuk dengan tidak ada saya aku kamu anda kami kita mereka
    sudah belum akan bisa juga atau karena tapi kalau sampai masih lagi kapan kenapa mengapa bagaimana
    siapa sangat banget terima kasih tolong mohon paket pesanan hari minggu uang kembali barang nya ya
    gak nggak tak sekali jangan selalu pernah setiap mau jam berapa terus""",
}
"""Languages that are not told, by words that speak for them."""
_TOLD = {language: frozenset(words.split()) for language, words in _SMALL.items()}
_WORDS = _TOLD | {
    # what the two say that the model is measured on speaks against neither: nl "is", no "for", tr "de"
    language: frozenset(words.split()) - _TOLD["en"] - _TOLD["ro"]
    for language, words in _OTHERS.items()
}
_SPEAKS_FOR = {
    word: tuple(language for language, small in _WORDS.items() if word in small)
    for word in frozenset[str]().union(*_WORDS.values())
}
_LETTERS = {
    "ro": "ășțţ",  # â and î are French and others' too; ş is Turkish
    "de": "ß",
    "es": "ñ",
    "pt": "ãõ",
    "hu": "őű",
    "fr": "œùê",
}
_OWN = {letter: language for language, letters in _LETTERS.items() for letter in letters}
_ALPHABET = frozenset(string.ascii_lowercase + "ăâîșşțţäöüßàæçéèêëïôœùûÿáíñóúìòãõőű" + "'")
"""The letters of the eight; a word with another one, of whatever script, speaks against all of them."""
_OTHER = "other"
_SPANISH = frozenset("¿¡")


def of_post(stated: str | None, text: str) -> str | None:
    """The primary tag (BCP 47) of the language that the network stated, else the guess at the text's."""
    return (stated or "").replace("_", "-").partition("-")[0].strip().lower() or guess(text)


def guess(text: str) -> str | None:
    """A language of the eight, or None where too little speaks for one more than for any other."""
    begin = text[:_LONGEST].lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    words = _WORD.findall(begin)
    said = Counter(language for word in words for language in _SPEAKS_FOR.get(word, ()))
    for word in words:
        said.update(dict.fromkeys(_by_letters(word), _LETTER))
    if not _SPANISH.isdisjoint(begin):
        said["es"] += _LETTER
    [(found, first), (_, second)] = [*said.most_common(2), (_OTHER, 0), (_OTHER, 0)][:2]
    if first == second or first < len(words) // _PART:
        return None
    return found if found in _TOLD else None


def _by_letters(word: str) -> set[str]:
    """The languages whose own letters a word has."""
    if word.isascii():
        return set()
    found = {_OWN[letter] for letter in word if letter in _OWN}
    return found if _ALPHABET.issuperset(word) else found | {_OTHER}
