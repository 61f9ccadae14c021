"""Posts in languages that the guess at a language does not name: it must not take them for one that it does.

    python -m tests.classifiers.strangers

prints what is said of them, and of the project's own test texts in the eight languages that are named.
"""

from __future__ import annotations

import json
from pathlib import Path

from monitor.classifiers.language import guess
from monitor.domain.chance import wilson

DATA = Path(__file__).parents[2] / "models" / "data"

KNOWN = {
    "nl": (
        "Waar blijft mijn pakket?",
        "Al drie weken geen antwoord van jullie klantenservice, echt schandalig",
        "Hoe laat gaan jullie zaterdag open?",
        "Super snel geleverd, bedankt!",
        "De app crasht sinds de update en niemand doet er iets aan",
    ),
    "pl": (
        "Gdzie jest moja paczka?",
        "Czekam już trzeci tydzień na zwrot pieniędzy i nikt nie odpisuje",
        "O której otwieracie w sobotę?",
        "Bardzo szybka dostawa, polecam!",
        "od tygodnia dzwonie i nikt nie odbiera, zenada",
    ),
    "sv": (
        "Var är mitt paket?",
        "Har väntat i tre veckor på svar från er kundtjänst, helt otroligt",
        "När öppnar ni på lördag?",
        "Snabb leverans och trevlig personal, tack!",
        "Appen kraschar varje gång jag ska betala",
    ),
    "da": (
        "Hvor bliver min pakke af?",
        "Jeg har ventet tre uger på mine penge, og ingen svarer",
        "Hvornår åbner I på lørdag?",
        "Hurtig levering og god service, tak!",
        "Er det kun mig der ikke kan logge ind i appen?",
    ),
    "no": (
        "Hvor er pakken min?",
        "Har ventet i tre uker på svar fra kundeservice, helt håpløst",
        "Når åpner dere på lørdag?",
        "Rask levering og hyggelige folk, takk!",
        "Ødelagt etter to dager og ingen vil ta ansvar",
    ),
    "fi": (
        "Missä pakettini on?",
        "Olen odottanut rahojani kolme viikkoa eikä kukaan vastaa",
        "Mihin aikaan avaatte lauantaina?",
        "Nopea toimitus, kiitos!",
        "Sovellus kaatuu joka kerta kun yritän maksaa",
    ),
    "tr": (
        "Kargom nerede kaldı?",
        "Üç haftadır para iademi bekliyorum, kimse cevap vermiyor",
        "Cumartesi saat kaçta açıyorsunuz?",
        "Çok hızlı geldi, teşekkürler!",
        "urun kirik geldi, geri almiyorlar",
    ),
    "hr": (
        "Gdje je moj paket?",
        "Čekam povrat novca već tri tjedna i nitko se ne javlja",
        "Kada otvarate u subotu?",
        "Brza dostava, sve pohvale!",
        "aplikacija se rusi svaki put kad zelim platiti",
    ),
    "cs": (
        "Kde je můj balík?",
        "Čekám už třetí týden na vrácení peněz a nikdo neodpovídá",
        "V kolik hodin otevíráte v sobotu?",
        "Rychlé dodání, děkuji!",
        "aplikace pada pokazde kdyz chci zaplatit",
    ),
    "id": (
        "Paket saya sampai mana ya?",
        "Sudah tiga minggu menunggu uang kembali, tidak ada yang balas",
        "Hari Sabtu buka jam berapa?",
        "Pengiriman cepat, terima kasih!",
        "aplikasinya error terus setiap mau bayar",
    ),
    "ru": (
        "Где моя посылка?",
        "Жду возврата денег уже три недели, никто не отвечает",
        "Во сколько вы открываетесь в субботу?",
        "Быстрая доставка, спасибо!",
        "Приложение Smart Home падает при каждой оплате",
    ),
    "el": (
        "Πού είναι το δέμα μου;",
        "Περιμένω τρεις εβδομάδες τα χρήματά μου και κανείς δεν απαντά",
        "Τι ώρα ανοίγετε το Σάββατο;",
        "Γρήγορη παράδοση, ευχαριστώ!",
        "Η εφαρμογή κολλάει κάθε φορά που πάω να πληρώσω",
    ),
    "ar": (
        "أين طردي؟",
        "أنتظر استرداد المال منذ ثلاثة أسابيع ولا أحد يرد",
        "متى تفتحون يوم السبت؟",
        "توصيل سريع، شكرا لكم!",
        "التطبيق يتوقف كل مرة أحاول الدفع",
    ),
    "zh": (
        "我的包裹在哪里?",
        "等退款等了三个星期,没人回复",
        "你们星期六几点开门?",
        "送货很快,谢谢!",
        "每次付款app都闪退",
    ),
    "ja": (
        "荷物はどこですか?",
        "返金を三週間待っていますが、誰も返事をくれません",
        "土曜日は何時に開きますか?",
        "配達が早くて助かりました、ありがとう!",
        "支払いのたびにアプリが落ちる",
    ),
}
"""Languages (and scripts) that the guess knows as other ones."""

UNHEARD = {
    "ca": (
        "On és el meu paquet?",
        "Fa tres setmanes que espero els diners i ningú no contesta",
        "A quina hora obriu dissabte?",
        "Enviament molt ràpid, gràcies!",
        "L'aplicació es penja cada vegada que vull pagar",
    ),
    "et": (
        "Kus mu pakk on?",
        "Ootan raha tagasi juba kolm nädalat ja keegi ei vasta",
        "Mis kell te laupäeval avate?",
        "Kiire tarne, aitäh!",
        "Äpp jookseb kokku iga kord kui maksta tahan",
    ),
    "lt": (
        "Kur mano siunta?",
        "Jau trys savaitės laukiu pinigų ir niekas neatsako",
        "Kelintą valandą atsidarote šeštadienį?",
        "Greitas pristatymas, ačiū!",
        "Programėlė stringa kiekvieną kartą kai noriu sumokėti",
    ),
    "vi": (
        "Đơn hàng của tôi đâu rồi?",
        "Chờ hoàn tiền ba tuần rồi mà không ai trả lời",
        "Thứ bảy mấy giờ mở cửa vậy shop?",
        "Giao hàng nhanh, cảm ơn shop!",
        "Ứng dụng cứ bị thoát mỗi khi thanh toán",
    ),
    "tl": (
        "Nasaan na po ang order ko?",
        "Tatlong linggo na akong naghihintay ng refund, wala pa ring sumasagot",
        "Anong oras po kayo nagbubukas sa Sabado?",
        "Ang bilis ng delivery, salamat!",
        "Nag-crash ang app tuwing magbabayad ako",
    ),
    "sq": (
        "Ku është pakoja ime?",
        "Kam tri javë që pres paratë dhe askush nuk përgjigjet",
        "Në çfarë ore hapeni të shtunën?",
        "Dërgesë e shpejtë, faleminderit!",
        "Aplikacioni mbyllet sa herë dua të paguaj",
    ),
}
"""Languages of which it knows nothing."""


def main() -> None:
    """Print the table."""
    print("texts       n  named right            named wrong            not told")
    for language in ("en", "ro", "de", "fr", "es", "it", "pt", "hu"):
        lines = (DATA / f"test.{language}.jsonl").read_text(encoding="utf-8").splitlines()
        told = [guess(json.loads(line)["text"]) for line in lines]
        _print(language, told, language)
    for name, texts in (*KNOWN.items(), *UNHEARD.items()):
        _print(name, [guess(text) for text in texts], None)
    for name, group in (("known others", KNOWN), ("unheard of", UNHEARD)):
        _print(name, [guess(text) for texts in group.values() for text in texts], None)


def _print(name: str, told: list[str | None], right: str | None) -> None:
    n = len(told)
    silent = told.count(None)
    good = told.count(right) if right else 0
    shares = [wilson(one / n, n) for one in (good, n - good - silent, silent)]
    shown = [f"{one.value:6.1%} [{one.low:5.1%}, {one.high:6.1%}]" for one in shares]
    print(f"{name:<12}{n:>4}  {'  '.join(shown)}")


if __name__ == "__main__":
    main()
