"""What comes every day: blunt complaints alert, statements that address nobody do not.

The lines are in no set that taught or measured the model (models/README.md). A new model that
forgets what is plain while it learns what is hard fails here.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.classifiers.shipped import Shipped
from monitor.domain.post import Post, PostKey

DATA = Path(__file__).parents[2] / "models" / "data"
BLUNT = """
Where is my order? It was due on Monday.
Your app crashes every time I open the basket.
Charged twice for one pair of shoes. Please refund.
Terrible service, I waited 50 minutes for cold chips.
@brand no internet since yesterday evening, when will it be fixed?
The zip broke on the second day.
I have called six times and nobody answers the phone.
Refund promised three weeks ago. Still nothing.
Wrong size delivered again.
Flight cancelled by text at 4 am and no one at the desk.
The cream gave my daughter a rash.
Your driver threw the parcel over the fence.
I cannot log in since the update.
The room was dirty and smelled of smoke.
You keep sending me emails after I unsubscribed.
Fridge stopped cooling after two months, and support wants photos again.
Paid for next day delivery, arrived after a week.
The gym took money after I had cancelled.
Half of the bottles were broken in the box.
Worst hotline ever, cut off three times.
Unde este comanda mea? Trebuia să ajungă luni.
Aplicația se închide singură când vreau să plătesc.
Mi-ați luat banii de două ori pentru aceeași factură.
Produsul a venit spart și nimeni nu răspunde la telefon.
Nu am net de ieri, până când?
Am returnat geaca acum o lună și nu am primit banii.
Curierul nici nu m-a sunat, a scris că nu eram acasă.
Mâncarea a ajuns rece și lipsea supa.
De trei zile nu pot intra în cont.
Mi s-a stricat telefonul după o săptămână, service-ul zice că e vina mea.
Comandă anulată fără nicio explicație.
Trenul iar a întârziat două ore, fără căldură.
Pantofii s-au dezlipit după două purtări.
Personal nepoliticos, nu mai calc pe acolo.
am dat 300 de lei pe un bilet si nu mi-a venit nimic pe mail
masina de spalat curge si garantia nu vrea sa vina
mi-ati trimis alta culoare decat am comandat
apa calda nu merge de vineri, cui ne plangem?
pizza cruda la mijloc, pentru 45 de lei
cardul a fost blocat fara sa fiu anuntat
""".strip().splitlines()
NEUTRAL = """
The match starts at eight on Sunday.
Lisbon is an hour behind Madrid.
Water boils at a lower temperature in the mountains.
I moved to the coast in 2019.
The library opens on Saturdays too.
My sister is learning the cello.
We planted three apple trees in the garden.
Version 3 of the standard was published in May.
Tomorrow is the shortest day of the year.
There are nine players left in the tournament.
I usually run five kilometres before work.
The old bridge was built in 1874.
Rye bread needs more time than wheat bread.
He plays chess with his grandfather on Fridays.
Half of the class takes the bus.
The novel has forty short chapters.
We had soup and then went for a walk.
A red kite circled over the field this morning.
The new mayor takes office in January.
My keyboard has a German layout.
Meciul începe duminică la ora opt.
Ieri am făcut sarmale cu mama.
Bucureștiul are șase sectoare.
Mâine e sărbătoare și stăm acasă.
Am terminat cartea aseară.
Fratele meu învață la Cluj.
Toamna asta mergem la munte cu cortul.
Podul vechi e din 1896.
Trenul de Brașov pleacă de la linia patru.
Copiii au desenat un balaur verde.
Primăria a plantat tei pe bulevard.
In weekend facem gratar la bunici.
Pisica vecinei doarme pe balcon.
Am invatat sa fac paine cu maia.
Concertul e pe 12 in parc.
La noi a nins azi-noapte.
Prefer cafeaua fara zahar.
Echipa nationala joaca marti.
Bunicul are optzeci si doi de ani.
Cursul de olarit e joia seara.
""".strip().splitlines()


@pytest.fixture(scope="module")
def shipped() -> Shipped:
    return Shipped()


def alerts(model: Shipped, texts: list[str]) -> list[str]:
    at = datetime(2026, 5, 4, 9, tzinfo=UTC)
    posts = [
        Post(key=PostKey("forum", str(number)), thread="1", text=text, posted_at=at)
        for number, text in enumerate(texts)
    ]
    judged = zip(texts, model.classify(posts), strict=True)
    return [text for text, one in judged if one.complaint >= model.thresholds.alert]


def test_blunt_complaints_alert(shipped: Shipped) -> None:
    assert len(alerts(shipped, BLUNT)) >= len(BLUNT) * 0.9


def test_statements_that_address_nobody_do_not(shipped: Shipped) -> None:
    """Six of forty do: bare facts that accuse are learned as complaints (the card says so)."""
    assert len(alerts(shipped, NEUTRAL)) <= len(NEUTRAL) * 0.15


def test_the_lines_are_in_no_set() -> None:
    known = {
        json.loads(line)["text"]
        for path in DATA.glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    }
    assert known.isdisjoint([*BLUNT, *NEUTRAL])
    assert len(BLUNT) == len(NEUTRAL) == 40
