"""The verdicts in words: how it stands, and what to do next."""

from server.face import Text

_NOTHING = Text.same("")

WORDS: dict[str, tuple[Text, Text]] = {
    "up_to_date": (
        Text(
            "Puhelimessa on kortin uusin versio.",
            "Telefonen har kortets senaste version.",
            "The phone has the newest version of the card.",
        ),
        _NOTHING,
    ),
    "removed": (
        Text(
            "Kortti poistettiin puhelimesta, tai sen automaattiset päivitykset kytkettiin pois.",
            "Kortet togs bort ur telefonen, eller så stängdes automatiska uppdateringar av.",
            "The card was removed from the phone, or its automatic updates were switched off.",
        ),
        Text(
            "Jos kortti on yhä puhelimessa, kytke kortin tiedoista Automaattiset päivitykset.",
            "Finns kortet kvar: slå på Automatiska uppdateringar i kortets uppgifter.",
            "If the card is still there, switch on Automatic Updates in the card's details.",
        ),
    ),
    "updates_off": (
        Text(
            "Kortti on yhä puhelimessa, mutta automaattiset päivitykset ovat pois päältä.",
            "Kortet finns kvar i telefonen, men automatiska uppdateringar är avstängda.",
            "The card is still on the phone, but its holder switched automatic updates off.",
        ),
        Text(
            "Kytke kortin tiedoista Automaattiset päivitykset päälle.",
            "Slå på Automatiska uppdateringar i kortets uppgifter.",
            "Have Automatic Updates switched on in the card's details.",
        ),
    ),
    "nobody": (
        Text(
            "Kukaan ei ole vielä lisännyt korttia puhelimeensa.",
            "Ingen har lagt till kortet i sin telefon ännu.",
            "Nobody has added the card to a phone yet.",
        ),
        Text(
            "Lähetä jäsenelle linkki korttiin.",
            "Skicka medlemmen länken till kortet.",
            "Send the member the link of the card (card_url).",
        ),
    ),
    "not_added": (
        Text(
            "Kortti on ladattu, mutta yksikään puhelin ei ole ilmoittautunut.",
            "Kortet har laddats ned, men ingen telefon har anmält sig.",
            "The card was downloaded, but no phone has registered for it.",
        ),
        Text(
            "Sitä ei lisätty, tai puhelin ei tavoita palvelua: aja leima doctor.",
            "Det lades inte till, eller telefonen når inte tjänsten: kör leima doctor.",
            "Either it was not added, or phones cannot add it or reach us: run leima doctor.",
        ),
    ),
    "push_soon": (
        Text(
            "Muutoksesta kerrotaan puhelimelle juuri nyt.",
            "Telefonen underrättas just nu.",
            "The phone is about to be told.",
        ),
        Text("Odota hetki.", "Vänta ett ögonblick.", "Wait a moment."),
    ),
    "waiting": (
        Text(
            "Puhelimelle on kerrottu, mutta se ei ole vielä kysynyt.",
            "Telefonen har underrättats men har inte frågat ännu.",
            "The phone has been told and has not asked yet.",
        ),
        Text(
            "Odota: yleensä se kestää sekunteja.",
            "Vänta: oftast tar det några sekunder.",
            "Wait: it usually takes seconds.",
        ),
    ),
    "fetching": (
        Text(
            "Puhelin kysyi ja hakee nyt uutta versiota.",
            "Telefonen frågade och hämtar nu den nya versionen.",
            "The phone has asked and is fetching the new version.",
        ),
        Text("Odota hetki.", "Vänta ett ögonblick.", "Wait a moment."),
    ),
    "too_many": (
        Text(
            "Applen mukaan tälle puhelimelle on lähetetty liikaa; yritämme kohta uudelleen.",
            "Apple säger att telefonen har fått för många; vi försöker igen om en stund.",
            "Apple says this phone was sent too many pushes; it is tried again shortly.",
        ),
        Text(
            "Odota. Muuta korttia harvemmin.",
            "Vänta. Ändra kortet mer sällan.",
            "Wait, and change the card less often.",
        ),
    ),
    "no_trace": (
        Text(
            "Puhelimelle ei olla mitään velkaa, eikä jäljissä näy, hakiko se version.",
            "Inget är ogjort, och spåren visar inte om telefonen hämtade versionen.",
            "Nothing is owed to the phone; whether it fetched this version left no trace.",
        ),
        Text(
            "Vertaa puhelimen korttia, tai tee muutos ja katso uudelleen.",
            "Jämför kortet i telefonen, eller gör en ändring och titta igen.",
            "Compare the card on the phone, or make a change and look again.",
        ),
    ),
    "phone_gone": (
        Text(
            "Puhelin on poissa: Applen mukaan sitä ei enää tavoita.",
            "Telefonen är borta: enligt Apple nås den inte längre.",
            "The phone is gone: Apple says that it can no longer be reached.",
        ),
        Text(
            "Vaihdettuun tai tyhjennettyyn puhelimeen kortti lisätään uudelleen.",
            "På en bytt eller tömd telefon läggs kortet till på nytt.",
            "A new or wiped phone adds the card again, with the same link.",
        ),
    ),
    "token_refused": (
        Text(
            "Apple ei tunne puhelimen push-tunnusta.",
            "Apple känner inte igen telefonens push-token.",
            "Apple does not know the phone's push token.",
        ),
        Text(
            "Jos näin on monella, varmenne on väärä (leima doctor); muuten lisää kortti uudelleen.",
            "Gäller det många är certifikatet fel (leima doctor); annars lägg till kortet på nytt.",
            "If many phones are so, the certificate is of another pass type (leima doctor); "
            "else remove the card and add it again.",
        ),
    ),
    "asks_unregistered": (
        Text(
            "Puhelin kysyy yhä, mutta sen rekisteröinti raukesi, kun Apple hylkäsi push-tunnuksen.",
            "Telefonen frågar ännu, men registreringen upphörde när Apple avvisade push-token.",
            "The phone still asks, but lost its registration when Apple refused its push token.",
        ),
        Text(
            "Puhelimessa, Walletissa: avaa kortti, ⋯ ja tiedot, kytke Automaattiset päivitykset "
            "pois ja päälle. Tai lisää kortti uudelleen.",
            "I telefonens Wallet: öppna kortet, ⋯ och uppgifter, slå av och på Automatiska "
            "uppdateringar. Eller lägg till kortet på nytt.",
            "In the phone's Wallet: open the card, ⋯ and its details, switch Automatic Updates off "
            "and on. Or remove the card and add it again.",
        ),
    ),
    "silent": (
        Text(
            "Apple otti viestin vastaan, mutta puhelin ei ole kysynyt.",
            "Apple tog emot meddelandet, men telefonen har inte frågat.",
            "Apple took the push, but the phone has not asked: it is off or without a network.",
        ),
        Text(
            "Odota. Jos puhelin on päällä ja verkossa: vedä kortin tietoja alaspäin.",
            "Vänta. Är den på och har nät: dra ned i kortets uppgifter.",
            "Wait until it is on. If it is, pull down in the card's details; then restart it.",
        ),
    ),
    "throttled": (
        Text(
            "Apple otti monta viestiä vastaan, mutta puhelin on lakannut kysymästä.",
            "Apple tog emot många meddelanden, men telefonen har slutat fråga.",
            "Apple took many pushes, but the phone has stopped asking: it holds itself back.",
        ),
        Text(
            "Anna sen levätä tunti; muuta korttia harvemmin (LEIMA_PUSH_JOIN_SECONDS).",
            "Låt den vila en timme; ändra kortet mer sällan (LEIMA_PUSH_JOIN_SECONDS).",
            "Let it rest an hour; change the card less often, or raise LEIMA_PUSH_JOIN_SECONDS.",
        ),
    ),
    "never_asks": (
        Text(
            "Puhelin on rekisteröity ja Apple otti viestin, mutta puhelin ei ole koskaan kysynyt.",
            "Telefonen är registrerad och Apple tog emot, men telefonen har aldrig frågat.",
            "The phone is registered and Apple took the push, but the phone has never asked.",
        ),
        Text(
            "Aja leima doctor: onko /v1/ auki kaikille? Kytke Automaattiset päivitykset.",
            "Kör leima doctor: är /v1/ öppen för alla? Slå på Automatiska uppdateringar.",
            "Run leima doctor: is /v1/ open, without bot protection? Is the phone online, are "
            "Automatic Updates on?",
        ),
    ),
    "push_off": (
        Text(
            "Puhelimille ei kerrota: varmenne on tehty vain kokeilua varten.",
            "Telefoner underrättas inte: certifikatet är bara för att prova.",
            "Phones are not told at all: the certificate was made for trying out.",
        ),
        Text(
            "Ota käyttöön Applen varmenne: certs.example/README.md.",
            "Ta i bruk Apples certifikat: certs.example/README.md.",
            "Use a certificate of Apple's: certs.example/README.md.",
        ),
    ),
    "worker_stopped": (
        Text(
            "Muutoksesta ei ole kerrottu: kukaan ei lähetä viestejä.",
            "Ändringen har inte meddelats: ingen skickar.",
            "The change is due and has not been sent: no worker is sending.",
        ),
        Text(
            "Käynnistä leima worker (tai leima run) ja katso sen lokia.",
            "Starta leima worker (eller leima run) och se i dess logg.",
            "Start leima worker (or leima run), and read its log: apple_push.…, worker.…",
        ),
    ),
    "certificate": (
        Text(
            "Apple ei hyväksy varmennettamme, joten yhdellekään puhelimelle ei kerrota.",
            "Apple godtar inte vårt certifikat, så ingen telefon underrättas.",
            "Apple does not accept our certificate or topic, so no phone is told.",
        ),
        Text(
            "Aja leima doctor; uusi varmenne samalla Pass Type ID:llä. Mitään ei katoa.",
            "Kör leima doctor; förnya certifikatet under samma Pass Type ID. Inget går förlorat.",
            "Run leima doctor; renew the certificate under the same Pass Type ID. Nothing is lost.",
        ),
    ),
    "push_down": (
        Text(
            "Applen push-palvelu ei vastaa tai on vioittunut; yritämme uudelleen.",
            "Apples push-tjänst svarar inte eller har fel; vi försöker igen.",
            "Apple's push service does not answer or has a fault; it is tried again.",
        ),
        Text(
            "Pääseekö palvelin osoitteeseen api.push.apple.com:443? Muuten odota.",
            "Når servern api.push.apple.com:443? Annars vänta.",
            "Can this host reach api.push.apple.com, port 443? If it can, wait.",
        ),
    ),
    "push_refused": (
        Text(
            "Apple hylkäsi viestin pysyvästi.",
            "Apple avvisade meddelandet för gott.",
            "Apple refused the push for good.",
        ),
        Text(
            "Tämä on Leiman vika: katso lokista apple_push.given_up.",
            "Det är ett fel i Leima: se apple_push.given_up i loggen.",
            "This is a fault of Leima's: see apple_push.given_up in the worker's log.",
        ),
    ),
    "wrong_token": (
        Text(
            "Puhelin kysyi väärällä tunnuksella ja sai vastauksen 401.",
            "Telefonen frågade med fel token och fick svaret 401.",
            "The phone asked with a wrong token and was answered 401.",
        ),
        Text(
            "Poista kortti ja lisää se uudelleen. Välittääkö välityspalvelin Authorizationin?",
            "Ta bort kortet och lägg till det på nytt. Släpper proxyn igenom Authorization?",
            "Remove the card and add it again. Does the proxy pass the Authorization header on?",
        ),
    ),
    "service_failed": (
        Text(
            "Puhelin kysyi ja sai meiltä virheen.",
            "Telefonen frågade och fick ett fel av oss.",
            "The phone asked and was answered with an error of ours.",
        ),
        Text(
            "Katso lokista http.failed ja aja leima doctor; puhelin yrittää uudelleen.",
            "Se http.failed i loggen och kör leima doctor; telefonen försöker igen.",
            "See http.failed in the log and run leima doctor; the phone tries again.",
        ),
    ),
    "complains": (
        Text("Puhelin valittaa: {cause}", "Telefonen klagar: {cause}", "The phone says: {cause}"),
        _NOTHING,
    ),
    "not_listed": (
        Text(
            "Puhelin kysyi muutoksen jälkeen, mutta korttia ei mainittu vastauksessa.",
            "Telefonen frågade efter ändringen, men kortet nämndes inte i svaret.",
            "The phone asked after the change, but the answer did not name this card.",
        ),
        Text(
            "Onko edessä välimuisti? /v1/ ei saa tallentua mihinkään.",
            "Finns det en cache framför? /v1/ får inte sparas någonstans.",
            "Is there a cache in front? Nothing below /v1/ may be kept. Was a backup restored?",
        ),
    ),
    "not_fetched": (
        Text(
            "Puhelin sai tietää muutoksesta, mutta ei ole hakenut uutta versiota.",
            "Telefonen fick veta om ändringen men har inte hämtat den nya versionen.",
            "The phone asked and was told of the change, but has not fetched the new version.",
        ),
        Text(
            "Pysäyttääkö robottisuoja osoitteen /v1/passes? Muuten käynnistä puhelin uudelleen.",
            "Stoppar ett robotskydd /v1/passes? Starta annars om telefonen.",
            "Does bot protection or a proxy stop /v1/passes? If not, restart the phone.",
        ),
    ),
}

COMPLAINTS: dict[str, tuple[Text, Text]] = {
    "wrong_token": (
        Text(
            "tunnusta ei hyväksytty (401).",
            "dess token godtogs inte (401).",
            "its token was not accepted (401).",
        ),
        WORDS["wrong_token"][1],
    ),
    "unexpected_status": (
        Text(
            "vastaus oli odottamaton.",
            "svaret var oväntat.",
            "it got an answer that it did not expect.",
        ),
        Text(
            "Vastaako jokin muu edessämme: välityspalvelin, robottisuoja, uudelleenohjaus?",
            "Svarar något annat framför oss: proxy, robotskydd, omdirigering?",
            "Does something in front of us answer: a proxy, bot protection, a redirect?",
        ),
    ),
    "condition_ignored": (
        Text(
            "se sai koko kortin, vaikka mikään ei ollut muuttunut.",
            "den fick hela kortet fast inget hade ändrats.",
            "it got the whole card although nothing had changed.",
        ),
        Text(
            "Poistaako välityspalvelin If-Modified-Since- tai Last-Modified-otsakkeen?",
            "Tar proxyn bort If-Modified-Since eller Last-Modified?",
            "Does a proxy drop If-Modified-Since or Last-Modified, or change its date?",
        ),
    ),
    "listed_unchanged": (
        Text(
            "kortin sanottiin muuttuneen, mutta se oli ennallaan.",
            "kortet sades ha ändrats men var oförändrat.",
            "it was told that the card had changed, and it had not.",
        ),
        Text(
            "Yksittäinen rivi on harmiton. Jos niitä on monta, onko edessä välimuisti?",
            "En enstaka rad är ofarlig. Är de många: finns det en cache framför?",
            "One such line is harmless. If there are many: is there a cache in front of /v1/?",
        ),
    ),
    "listed_unregistered": (
        Text(
            "sille kerrottiin kortista, jota sillä ei ole.",
            "den fick höra om ett kort som den inte har.",
            "it was told of a card that it does not hold.",
        ),
        Text(
            "Poisto ei tullut perille: seuraava poisto tai 410-vastaus korjaa sen.",
            "Borttagningen kom inte fram: nästa borttagning eller svar 410 rättar det.",
            "Its removal did not reach us; the next one, or Apple's 410, puts it right.",
        ),
    ),
    "other": (
        Text(
            "jotain, mitä emme tunne; rivi on aikajanalla.",
            "något som vi inte känner till; raden står på tidslinjen.",
            "something that we do not know; the line stands in the timeline.",
        ),
        Text(
            "Lue rivi aikajanalta.",
            "Läs raden på tidslinjen.",
            "Read the line in the timeline; if it names the pass itself: leima doctor.",
        ),
    ),
}
