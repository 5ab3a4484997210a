"""Encodings of files that hold only a sign or two outside ASCII, or only a few words."""

import pytest

from leonidas_jupyter.data.encoding import recognise_encoding

FILES = (1, 2, 5, 30)


def found(tmp_path, rows, encoding):
    path = tmp_path / "file"
    path.write_bytes("\n".join(["id,v", *rows]).encode(encoding))
    return recognise_encoding(path).name


@pytest.mark.parametrize(
    "cell",
    [
        *("12 €", "€12", "£5", "±0.5", "5°C", "20 °", "µm", "5 µmol/l", "µg/m³", "cm²", "½ cup"),
        *("don\u2019t", "“quoted”", "x – y", "3×4", "© 2024", "Acme™", "§ 5", "l\u2019eau", "«x»"),
        *("5\u00a0000", "Nº 5", "1ª"),
    ],
)
@pytest.mark.parametrize("count", FILES)
def test_signs_are_no_letters_of_another_script(tmp_path, cell, count):
    assert found(tmp_path, [f"{n},{cell}" for n in range(count)], "cp1252") == "cp1252"


@pytest.mark.parametrize("sign", ["5 °C", "µg/m³", "12,50 €", "x – y"])
@pytest.mark.parametrize("word", ["café", "José", "Müller", "Straße", "señor", "Åsa"])
def test_signs_among_letters_change_nothing(tmp_path, word, sign):
    for count in FILES:
        rows = [f"{n},{sign if n % 2 else word}" for n in range(count + 1)]
        assert found(tmp_path, rows, "cp1252") == "cp1252", rows


@pytest.mark.parametrize("word", ["Paweł", "Łódź", "Příbram", "Šibenik", "Żory"])
def test_letters_that_are_signs_elsewhere_stay_letters(tmp_path, word):
    for other in ("plain", "5 °C"):
        rows = [f"{n},{other if n % 2 else word}" for n in range(6)]
        assert found(tmp_path, rows, "cp1250") == "cp1250", rows


def test_a_letter_at_the_very_end_is_not_the_beginning_of_another(tmp_path):
    assert found(tmp_path, ["1,café"], "cp1252") == "cp1252"
    assert found(tmp_path, ["1,café", "2,Zoë"], "utf-8") == "utf-8"


def test_a_few_names_in_kanji_are_japanese(tmp_path):
    assert found(tmp_path, ["1,田中", "2,佐藤", "3,鈴木"], "cp932") == "shift_jis"
    assert found(tmp_path, ["1,王伟", "2,李娜"], "gb18030") == "gb18030"
    # An apostrophe and the letter behind it are one kanji, in the middle of a word.
    assert found(tmp_path, ["1,don\u2019t", "2,can\u2019t café"], "cp1252") == "cp1252"
