"""What an address may ask for where nothing is open that could be counted."""

from tertulia.net import Allowance, Rates


def test_each_address_has_a_rate_of_its_own() -> None:
    rates = Rates(per_second=1)
    asked = [rates.spend("192.0.2.1", 0.0) for _ in range(6)]
    assert asked == [Allowance.PASS] * 4 + [Allowance.REPORT, Allowance.DROP]
    assert rates.spend("192.0.2.2", 0.0) is Allowance.PASS
    assert rates.spend("::ffff:192.0.2.1", 0.0) is Allowance.DROP, "it is the first one"
    assert rates.spend("192.0.2.1", 1.0) is Allowance.PASS


def test_an_ipv6_network_is_one_address() -> None:
    rates = Rates(per_second=1)
    asked = [rates.spend(f"2001:db8::{n}", 0.0) for n in range(5)]
    assert asked[-1] is Allowance.REPORT
    assert rates.spend("2001:db8:0:1::1", 0.0) is Allowance.PASS


def test_of_too_many_addresses_the_quietest_is_forgotten() -> None:
    rates = Rates(per_second=1, addresses=2)
    for _ in range(5):
        rates.spend("a", 0.0)
    rates.spend("b", 0.0)
    assert rates.spend("a", 0.0) is Allowance.DROP
    rates.spend("c", 0.0)
    assert rates.spend("a", 0.0) is Allowance.DROP, "b had been quiet for longer"
    rates.spend("b", 0.0)
    rates.spend("c", 0.0)
    assert rates.spend("a", 0.0) is Allowance.PASS, "a second's rest would have been as good"
