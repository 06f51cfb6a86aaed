"""A virtual phone behaves as an iPhone does towards a pass and its web service."""

import pytest

import passkit
from passkit.throwaway import Authority
from server import clock
from server.sandbox.errors import PassRefused
from server.sandbox.phone import Phone
from server.sandbox.phones import Phones, origin

PASS_TYPE = "pass.test.leima.shop"


def value(phone: Phone, key: str) -> str:
    (held,) = phone.look().passes.values()
    return held.fields[key]["value"]


def lines(phone: Phone) -> list[str]:
    return [line.text for line in phone.look().log]


def test_an_added_pass_is_registered_and_asked_about(phones, aino, shop):
    phones.add(aino, shop.pass_url)
    memory = aino.look()
    assert shop.registered == {memory.device_library_identifier: aino.push_token}
    assert shop.calls == ["GET aino.pkpass", "POST devices", "GET devices", "GET passes"]
    assert memory.tags == {f"{shop.url} {PASS_TYPE}": "7"}
    assert shop.log == []


def test_it_calls_itself_what_iphones_call_themselves(phones, aino, shop):
    phones.add(aino, shop.pass_url)
    assert {agent.split("/")[0] for agent in shop.agents} == {"Mozilla", "passd"}
    assert "iPhone" in next(agent for agent in shop.agents if agent.startswith("Mozilla"))


def test_a_push_brings_the_new_pass_and_says_what_changed(phones, aino, shop, until):
    phones.add(aino, shop.pass_url)
    shop.stamp(2)
    phones.deliver(aino.push_token, PASS_TYPE)
    until(lambda: value(aino, "stamps") == "5")
    (notification,) = aino.look().notifications
    assert (notification.title, notification.text) == ("Kahvila Aalto", "Leimoja nyt 5")
    assert next(iter(aino.look().passes.values())).changed_keys == ["stamps"]


def test_a_change_without_a_message_is_silent(phones, aino, shop, until):
    phones.add(aino, shop.pass_url)
    shop.offer = "Pulla puoleen hintaan"
    shop.touch()
    phones.deliver(aino.push_token, PASS_TYPE)
    until(lambda: value(aino, "offer") == "Pulla puoleen hintaan")
    assert aino.look().notifications == []


def test_the_tag_is_sent_back_and_kept(phones, aino, shop, until):
    phones.add(aino, shop.pass_url)
    shop.stamp()
    phones.deliver(aino.push_token, PASS_TYPE)
    until(lambda: "8" in aino.look().tags.values())
    assert "Asked what changed since tag 7: 1 pass" in lines(aino)


def test_an_update_announced_in_vain_is_reported(phones, aino, shop, until):
    phones.add(aino, shop.pass_url)
    shop.tag += 1
    phones.deliver(aino.push_token, PASS_TYPE)
    until(lambda: shop.log)
    assert "but the pass was unchanged" in shop.log[0]


def test_a_full_answer_without_a_change_is_reported(phones, aino, shop, until):
    phones.add(aino, shop.pass_url)
    shop.touch()
    phones.deliver(aino.push_token, PASS_TYPE)
    until(lambda: shop.log)
    assert "ignored the 'if-modified-since' header" in shop.log[0]


def test_a_push_for_another_phone_changes_nothing(phones, aino, shop):
    phones.add(aino, shop.pass_url)
    before = phones.version
    phones.deliver("0" * 64, PASS_TYPE)
    assert phones.version == before


def test_a_phone_that_is_off_gets_the_newest_push_when_it_is_on(phones, aino, shop, until):
    phones.add(aino, shop.pass_url)
    phones.switch(aino, is_on=False)
    for _ in range(3):
        shop.stamp()
        phones.deliver(aino.push_token, PASS_TYPE)
    until(lambda: aino.look().pending_topics == [PASS_TYPE])
    assert value(aino, "stamps") == "3"
    phones.switch(aino, is_on=True)
    until(lambda: value(aino, "stamps") == "6")
    assert len(aino.look().notifications) == 1


def test_a_push_that_was_not_acted_upon_waits_for_the_next_start(
    phones, aino, shop, until, start_phones
):
    """The service was away for longer than a phone tries, or the phone was killed."""
    phones.add(aino, shop.pass_url)
    shop.stamp()
    shop.answers["GET devices"] = [503] * 2
    phones.deliver(aino.push_token, PASS_TYPE)
    until(lambda: any("failed" in line for line in lines(aino)))
    assert value(aino, "stamps") == "3"
    again = start_phones().get("aino")
    until(lambda: value(again, "stamps") == "4")
    until(lambda: again.look().pending_topics == [])


def test_nothing_is_added_to_a_phone_that_is_off(phones, aino, shop):
    phones.switch(aino, is_on=False)
    with pytest.raises(PassRefused, match="switched off"):
        phones.add(aino, shop.pass_url)


def test_a_removed_pass_is_unregistered(phones, aino, shop):
    phones.add(aino, shop.pass_url)
    (held,) = aino.look().passes.values()
    assert aino.remove(held.serial_number)
    assert shop.registered == {}
    assert aino.look().passes == {}
    assert not aino.remove(held.serial_number)


def test_the_same_pass_again_takes_the_old_ones_place(phones, aino, shop):
    phones.add(aino, shop.pass_url)
    shop.stamp(4)
    phones.add(aino, shop.pass_url)
    assert value(aino, "stamps") == "7"
    assert "Registered for updates (200)" in lines(aino)


def test_the_next_phone_gets_a_pass_that_the_first_one_has(phones, aino, shop):
    assert phones.add_anywhere(shop.pass_url) is aino
    assert phones.add_anywhere(shop.pass_url).id == "eero"
    assert phones.add_anywhere(shop.pass_url) is aino
    assert len(shop.registered) == 2


def test_calls_that_fail_for_a_moment_are_repeated(phones, aino, shop):
    shop.answers = {"POST devices": [503], "GET devices": [429], "GET passes": [500]}
    phones.add(aino, shop.pass_url)
    assert shop.calls.count("POST devices") == 2
    assert "8" not in aino.look().tags.values()
    assert shop.log == []


def test_calls_that_keep_failing_are_given_up_and_reported(phones, aino, shop):
    shop.answers = {"POST devices": [500, 500]}
    phones.add(aino, shop.pass_url)
    assert shop.registered == {}
    assert "Register task" in shop.log[0]
    assert "Unexpected response code 500" in shop.log[0]


def test_a_refused_token_is_reported_as_such(phones, aino, shop):
    shop.answers = {"POST devices": [401]}
    phones.add(aino, shop.pass_url)
    assert shop.log[0].endswith("encountered error: Authentication failure")


def test_a_tag_is_not_taken_until_its_passes_are_here(phones, aino, shop, until):
    phones.add(aino, shop.pass_url)
    shop.stamp()
    shop.answers = {"GET passes": [500, 500]}
    phones.deliver(aino.push_token, PASS_TYPE)
    until(lambda: shop.log)
    assert "7" in aino.look().tags.values()
    phones.deliver(aino.push_token, PASS_TYPE)
    until(lambda: value(aino, "stamps") == "4")


def test_a_phone_remembers_everything_over_a_restart(start_phones, shop, until):
    phones = start_phones()
    phones.add(phones.get("aino"), shop.pass_url)
    before = phones.get("aino").look()
    after = start_phones().get("aino")
    assert after.push_token == before.push_token
    assert after.look().tags == before.tags
    assert value(after, "stamps") == "3"


def test_what_could_not_be_registered_is_registered_at_the_next_start(start_phones, shop, until):
    shop.answers = {"POST devices": [500, 500]}
    phones = start_phones()
    phones.add(phones.get("aino"), shop.pass_url)
    start_phones()
    until(lambda: shop.registered)


def test_passes_of_another_authority_are_gone_after_a_restart(start_phones, shop):
    phones = start_phones()
    phones.add(phones.get("aino"), shop.pass_url)
    other = Authority.create(at=clock.now()).root_pem
    aino = start_phones(root_pem=other).get("aino")
    assert aino.look().passes == {}
    assert "Lost a pass that can no longer be read" in lines(aino)


def test_a_pass_of_another_authority_is_refused(phones, aino, shop):
    issued = Authority.create(at=clock.now())
    certificate = issued.issue_pass_certificate(PASS_TYPE, "TEAMTEST01", at=clock.now())
    shop.signer = passkit.Signer(
        certificate.certificate_pem, certificate.key_pem, issued.intermediate_pem
    )
    with pytest.raises(PassRefused, match="iPhone refuses"):
        phones.add(aino, shop.pass_url)
    assert aino.look().passes == {}


@pytest.mark.parametrize(
    ("path", "message"),
    [("/cards/page", "text/html"), ("/cards/none", "404"), ("/v1/log", "405")],
)
def test_what_is_not_a_pass_is_refused(phones, aino, shop, path: str, message: str):
    with pytest.raises(PassRefused, match=message):
        phones.add(aino, shop.url + path)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/x.pkpass",
        "https://example.com/x",
        "file:///etc/passwd",
        "http://127.0.0.1:99999/x",
        "",
    ],
)
def test_links_of_other_services_are_not_opened(phones, aino, shop, url: str):
    with pytest.raises(PassRefused, match="only"):
        phones.add(aino, url)
    assert shop.calls == []


@pytest.mark.parametrize("trick", ["http://evil\\@127.0.0.1:80/", "http://127.0.0.1:80@evil/"])
def test_an_ambiguous_address_has_no_origin(trick: str):
    assert origin(trick) == ""


def test_localhost_is_this_machine():
    assert origin("http://localhost:8000/x") == origin("http://127.0.0.1:8000")


def test_an_update_that_is_another_pass_is_refused(phones, aino, shop, until):
    phones.add(aino, shop.pass_url)
    shop.stamp(serial_number="another-card-0123456789abcdef")
    phones.deliver(aino.push_token, PASS_TYPE)
    until(lambda: shop.log)
    assert "serial_number is another" in shop.log[0]
    assert value(aino, "stamps") == "3"


def test_a_voided_pass_stays_in_the_wallet(phones, aino, shop, until):
    phones.add(aino, shop.pass_url)
    shop.stamp(0, voided=True)
    phones.deliver(aino.push_token, PASS_TYPE)
    until(lambda: next(iter(aino.look().passes.values())).opened.content.get("voided"))


def test_clearing_the_lock_screen_empties_it(phones: Phones, aino: Phone):
    aino.look()
    before = phones.version
    aino.clear_notifications()
    assert aino.look().notifications == []
    assert phones.version != before
