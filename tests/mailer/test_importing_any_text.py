"""Any text in the cells: it comes through as it was, or is refused on its own line. Nothing is lost between."""

import csv
import io
import unicodedata
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from mailer.contacts import reading
from mailer.contacts.reading.refusals import is_template

cells = st.text(st.one_of(st.sampled_from("ab@.,;\"'\t\n\r\0é ​"), st.characters(codec="utf-8")), max_size=12)
addresses = st.integers(0, 999).map("person{}@example.org".format)
rows = st.lists(st.tuples(st.one_of(addresses, cells), cells, cells), max_size=8)
separators = st.sampled_from([",", ";", "\t"])
line_ends = st.sampled_from(["\n", "\r\n"])


def file_of(path, separator, line_end, table):
    """Write the table, and tell on which physical line each row starts, as csv.reader counts them."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows(
        [("email", "first_name", "note"), *table]
    )
    path.write_bytes(text.getvalue().encode())
    starts, reader, at = [], csv.reader(io.StringIO(text.getvalue(), newline=""), delimiter=separator), 1
    for _ in reader:
        starts.append(at)
        at = reader.line_num + 1
    return starts[1:]


def read(path):
    with reading.read(path, path.name, date(2026, 11, 24)) as people:
        return list(people.rows), people.flagged


@given(table=rows, separator=separators, line_end=line_ends)
def test_each_row_comes_through_or_is_refused_on_its_line(tmp_path_factory, table, separator, line_end):
    path = tmp_path_factory.mktemp("any") / "people.csv"
    starts = file_of(path, separator, line_end, table)
    filled = [(start, row) for start, row in zip(starts, table, strict=True) if any(row)]
    found, _ = read(path)
    assert [staged.line for staged in found] == [start for start, _ in filled]
    for staged, (_, (email, name, note)) in zip(found, filled, strict=True):
        if staged.refused:
            assert staged.words
            assert staged.email is staged.address_key is staged.mailbox_key is None
            kept = next(csv.reader(io.StringIO(staged.row, newline="")))
            assert kept == [cell.replace("\0", "\ufffd") for cell in (email, name, note)]
        else:
            assert staged.email.casefold() == unicodedata.normalize("NFKC", email.strip()).casefold()
            visible = "".join(c for c in name if not c.isspace() and c.isprintable())
            kept = "".join(c for c in staged.first_name if c.isprintable() and not c.isspace())
            unquoted = visible.removeprefix("'")  # before what a spreadsheet would run
            assert kept in {visible, unquoted} or (kept == "" and is_template(visible))
            assert not set(staged.first_name) & set("\n\r\t\0")


@given(st.binary(max_size=300))
def test_any_bytes_below_a_header_are_rows_or_a_refused_file(tmp_path_factory, noise):
    path = tmp_path_factory.mktemp("noise") / "people.csv"
    path.write_bytes(b"email,first_name\n" + noise)
    try:
        found, _ = read(path)
    except reading.FileRefused as refused:
        assert str(refused)
        return
    lines = [staged.line for staged in found]
    assert lines == sorted(set(lines))
    for staged in found:
        text = [value for value in staged if isinstance(value, str)]
        assert all("\0" not in value for value in text)
        "".join(text).encode()  # PostgreSQL can keep it


@given(st.binary(min_size=1, max_size=300))
def test_any_bytes_at_all_are_read_or_refused_in_words(tmp_path_factory, noise):
    path = tmp_path_factory.mktemp("bytes") / "people.csv"
    path.write_bytes(noise)
    try:
        read(path)
    except reading.FileRefused as refused:
        assert str(refused)
