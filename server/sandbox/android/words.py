"""What an Android phone says by itself, in its owner's language.

Google writes its own interface and notifications and does not publish the words; these are ours.
"""

from server.face import Text

WORDS = {
    "empty": Text("Ei vielä kortteja.", "Inga kort ännu.", "No cards yet."),
    "back": Text("Takaisin", "Tillbaka", "Back"),
    "expired": Text("Vanhentuneet kortit", "Utgångna kort", "Expired passes"),
    "invalid": Text("Ei enää voimassa", "Inte längre giltigt", "No longer valid"),
    "messages": Text("Viestit", "Meddelanden", "Messages"),
    "offers": Text("Tarjoukset", "Erbjudanden", "Offers"),
    "details": Text("Tiedot", "Uppgifter", "Details"),
    "code": Text("Kortin koodi", "Kortets kod", "The card's code"),
    "updated": Text("Päivitetty {time}", "Uppdaterat {time}", "Updated {time}"),
    "remove": Text("Poista kortti", "Ta bort kortet", "Remove the card"),
    "now": Text("nyt", "nu", "now"),
}
UPDATED = Text(
    "Korttisi on päivittynyt. Katso se napauttamalla.",
    "Ditt kort har uppdaterats. Tryck för att se det.",
    "Your card has been updated. Tap to see it.",
)
MESSAGE = Text(
    "Sinulle on uusi viesti. Katso se napauttamalla.",
    "Du har ett nytt meddelande. Tryck för att se det.",
    "You have a new message. Tap to see it.",
)
UNTIL = Text("Voimassa asti", "Gäller till", "Valid until")
MEMBER_NAME = Text("Jäsenen nimi", "Medlemmens namn", "Member name")
MEMBER_ID = Text("Jäsentunnus", "Medlems-id", "Member ID")
