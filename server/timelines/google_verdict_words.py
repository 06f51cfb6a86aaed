"""The verdicts on Google Wallet in words: how it stands, what to do next, and why it was silent."""

from server.face import Text

_NOTHING = Text.same("")
_WAIT = Text("Odota hetki.", "Vänta ett ögonblick.", "Wait a moment.")

WORDS: dict[str, tuple[Text, Text]] = {
    "google_in_step": (
        Text(
            "Kortti on Google Walletissa, ja Googlella on uusin versio.",
            "Kortet finns i Google Wallet, och Google har den senaste versionen.",
            "The card is in Google Wallet, and Google has the newest version.",
        ),
        _NOTHING,
    ),
    "google_differs": (
        Text(
            "Googlella on muuta kuin kortissa on nyt: {cause}.",
            "Google har något annat än vad kortet visar nu: {cause}.",
            "Google has something else than the card shows now: {cause}.",
        ),
        Text(
            "Kortin seuraava muutos tai yöllinen vertailu korjaa sen; heti: leima google "
            "reconcile.",
            "Kortets nästa ändring eller nattens jämförelse rättar det; genast: leima google "
            "reconcile.",
            "The card's next change or the nightly look puts it right; at once: leima google "
            "reconcile.",
        ),
    ),
    "google_removed": (
        Text(
            "Kortti poistettiin Google Walletista; Googlella on silti uusin versio.",
            "Kortet togs bort ur Google Wallet; Google har ändå den senaste versionen.",
            "The card was taken out of Google Wallet; Google still has the newest version.",
        ),
        Text(
            "Sen voi lisätä uudelleen samasta linkistä.",
            "Det kan läggas till på nytt med samma länk.",
            "It can be added again with the same link.",
        ),
    ),
    "google_not_saved": (
        Text(
            "Googlella on kortti, mutta kukaan ei ole lisännyt sitä Google Walletiin.",
            "Google har kortet, men ingen har lagt till det i Google Wallet.",
            "Google has the card, but nobody has added it to Google Wallet.",
        ),
        Text(
            "Jos lisääminen ei onnistu: kokeilutilassa vain testitilit voivat lisätä, ja kortin "
            "saa vain yksi Google-tili. Aja leima doctor.",
            "Går det inte att lägga till: i demoläge kan bara testkonton göra det, och bara ett "
            "Google-konto får kortet. Kör leima doctor.",
            "If adding fails: in demo mode only test accounts can add cards, and only one Google "
            "account gets each card. Run leima doctor.",
        ),
    ),
    "google_soon": (
        Text(
            "Muutoksesta kerrotaan Googlelle juuri nyt.",
            "Google underrättas just nu.",
            "Google is about to be told of the change.",
        ),
        _WAIT,
    ),
    "google_queued": (
        Text(
            "Muutos odottaa vuoroaan: Googlelle kerrotaan monesta kortista.",
            "Ändringen väntar på sin tur: Google underrättas om många kort.",
            "The change waits for its turn: Google is being told of many cards.",
        ),
        Text(
            "Odota. Tahti on LEIMA_GOOGLE_PER_SECOND; leiman saanut kortti pääsee ohi.",
            "Vänta. Takten är LEIMA_GOOGLE_PER_SECOND; ett stämplat kort går före.",
            "Wait. The rate is LEIMA_GOOGLE_PER_SECOND; a card that is stamped goes first.",
        ),
    ),
    "google_slowed": (
        Text(
            "Google pyytää kertomaan hitaammin; yritämme kohta uudelleen.",
            "Google ber oss sakta ned; vi försöker igen om en stund.",
            "Google asks us to go slower; the change is tried again shortly.",
        ),
        Text(
            "Odota. Jos näin käy usein, pienennä LEIMA_GOOGLE_PER_SECOND.",
            "Vänta. Händer det ofta, sänk LEIMA_GOOGLE_PER_SECOND.",
            "Wait. If it happens often, lower LEIMA_GOOGLE_PER_SECOND.",
        ),
    ),
    "google_down": (
        Text(
            "Muutos ei ole mennyt perille Googleen; yritämme uudelleen.",
            "Ändringen har inte nått Google; vi försöker igen.",
            "The change has not got through to Google; it is tried again.",
        ),
        Text(
            "Pääseekö palvelin osoitteeseen walletobjects.googleapis.com:443? Muuten odota.",
            "Når servern walletobjects.googleapis.com:443? Annars vänta.",
            "Can this host reach walletobjects.googleapis.com, port 443? If it can, wait.",
        ),
    ),
    "google_paused": (
        Text(
            "Googlelle ei nyt kerrota mistään kortista: {cause}.",
            "Google underrättas just nu inte om något kort: {cause}.",
            "Google is told of no card at the moment: {cause}.",
        ),
        Text(
            "Aja leima doctor: se kertoo, mitä korjata. Mitään ei katoa.",
            "Kör leima doctor: den säger vad som ska rättas. Inget går förlorat.",
            "Run leima doctor: it says what to mend. Nothing is lost.",
        ),
    ),
    "google_class": (
        Text(
            "Google ei hyväksy ohjelmaa, jonka kortti tämä on: {cause}",
            "Google godtar inte programmet som kortet hör till: {cause}",
            "Google refuses the programme that this is a card of: {cause}",
        ),
        Text(
            "Aja leima doctor: kuva, väri tai nimi ei kelpaa, tai kuvaan ei pääse netistä.",
            "Kör leima doctor: en bild, färg eller ett namn duger inte, eller bilden nås inte.",
            "Run leima doctor: an image, a colour or a name is not accepted, or Google cannot "
            "fetch the image.",
        ),
    ),
    "google_refused": (
        Text(
            "Google hylkäsi muutoksen pysyvästi: {cause}",
            "Google avvisade ändringen för gott: {cause}",
            "Google refused the change for good: {cause}",
        ),
        Text(
            "Tämä on Leiman tai ulkoasun vika: katso lokista google.given_up. Kortin seuraava "
            "muutos yrittää taas.",
            "Det är ett fel i Leima eller i utseendet: se google.given_up i loggen. Kortets nästa "
            "ändring försöker igen.",
            "This is a fault of Leima's or of the design: see google.given_up in the worker's log. "
            "The next change of the card is tried again.",
        ),
    ),
    "google_worker_stopped": (
        Text(
            "Muutoksesta ei ole kerrottu Googlelle: kukaan ei lähetä.",
            "Google har inte underrättats om ändringen: ingen skickar.",
            "The change is due and Google has not been told: no worker is sending.",
        ),
        Text(
            "Käynnistä leima worker (tai leima run) ja katso sen lokia.",
            "Starta leima worker (eller leima run) och se i dess logg.",
            "Start leima worker (or leima run), and read its log: google…, worker.…",
        ),
    ),
    "google_off": (
        Text(
            "Kortti on Googlella, mutta tämä palvelu ei ole enää sen asiakas.",
            "Kortet finns hos Google, men den här tjänsten är inte längre dess kund.",
            "Google has the card, but this service is no longer set up for that issuer.",
        ),
        Text(
            "Aseta LEIMA_GOOGLE_ISSUER_ID ja palvelutilin tiedosto taas: muutokset kerrotaan.",
            "Ställ in LEIMA_GOOGLE_ISSUER_ID och tjänstekontots fil igen: då går ändringarna fram.",
            "Set LEIMA_GOOGLE_ISSUER_ID and the service account's file again: what changed since "
            "is told then.",
        ),
    ),
}

SILENCES: dict[str, Text] = {
    "spoke": Text(
        "Google sai pyynnön ilmoittaa muutoksesta puhelimessa.",
        "Google ombads meddela ändringen i telefonen.",
        "Google was asked to announce the change on the phone.",
    ),
    "not_asked": Text(
        "Muutos vietiin perille äänettömästi.",
        "Ändringen gick fram utan meddelande.",
        "The change was made silently.",
    ),
    "not_saved": Text(
        "Äänettömästi, koska kortti ei ole kenenkään lompakossa.",
        "Utan meddelande, eftersom ingen har kortet i sin plånbok.",
        "Silently, because nobody has the card in a wallet.",
    ),
    "no_increase": Text(
        "Äänettömästi, koska mikään ei kasvanut.",
        "Utan meddelande, eftersom inget ökade.",
        "Silently, because nothing grew.",
    ),
    "budget": Text(
        "Äänettömästi, koska vuorokauden ilmoitukset on käytetty (LEIMA_GOOGLE_NOTIFY_PER_DAY).",
        "Utan meddelande, eftersom dygnets meddelanden är använda (LEIMA_GOOGLE_NOTIFY_PER_DAY).",
        "Silently, because the day's announcements are used up (LEIMA_GOOGLE_NOTIFY_PER_DAY).",
    ),
    "hushed": Text(
        "Äänettömästi, koska Google ei ota tältä kortilta lisää ilmoituksia vuorokauteen.",
        "Utan meddelande, eftersom Google inte tar emot fler om kortet på ett dygn.",
        "Silently, because Google takes no more announcements of this card for 24 hours.",
    ),
    "quiet_hours": Text(
        "Äänettömästi, koska oli yö eikä kukaan odottanut muutosta.",
        "Utan meddelande, eftersom det var natt och ingen väntade på ändringen.",
        "Silently, because it was night and nobody waited for the change.",
    ),
    "off": Text(
        "Äänettömästi, koska ilmoitukset ovat pois päältä (LEIMA_GOOGLE_NOTIFY_PER_DAY=0).",
        "Utan meddelande, eftersom de är avstängda (LEIMA_GOOGLE_NOTIFY_PER_DAY=0).",
        "Silently, because announcements are switched off (LEIMA_GOOGLE_NOTIFY_PER_DAY=0).",
    ),
}
