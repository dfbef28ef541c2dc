"""The languages that GDELT reads, by its three-letter code and English name, as two letters. A table and nothing else."""

from __future__ import annotations

from typing import Final

# ISO 639-2, ISO 639-1, English name as the DOC API writes it.
_LANGUAGES: Final = """
afr af Afrikaans|alb sq Albanian|sqi sq Albanian|amh am Amharic|ara ar Arabic|arm hy Armenian|hye hy Armenian|aze az Azerbaijani
baq eu Basque|eus eu Basque|bel be Belarusian|ben bn Bengali|bos bs Bosnian|bul bg Bulgarian|bur my Burmese|mya my Burmese
cat ca Catalan|ces cs Czech|cze cs Czech|chi zh Chinese|zho zh Chinese|dan da Danish|deu de German|dut nl Dutch|nld nl Dutch
ell el Greek|gre el Greek|eng en English|est et Estonian|fas fa Persian|per fa Persian|fin fi Finnish|fra fr French|fre fr French
geo ka Georgian|kat ka Georgian|ger de German|glg gl Galician|guj gu Gujarati|heb he Hebrew|hin hi Hindi|hrv hr Croatian
hun hu Hungarian|ice is Icelandic|isl is Icelandic|ind id Indonesian|ita it Italian|jpn ja Japanese|kan kn Kannada|kaz kk Kazakh
khm km Khmer|kor ko Korean|lav lv Latvian|lit lt Lithuanian|mac mk Macedonian|mkd mk Macedonian|mal ml Malayalam|mar mr Marathi
may ms Malay|msa ms Malay|mon mn Mongolian|nep ne Nepali|nno nn Norwegiannynorsk|nob nb Norwegian|nor no Norwegian|ori or Oriya
pan pa Punjabi|pol pl Polish|por pt Portuguese|ron ro Romanian|rum ro Romanian|rus ru Russian|sin si Sinhalese|slk sk Slovak
slo sk Slovak|slv sl Slovenian|som so Somali|spa es Spanish|srp sr Serbian|swa sw Swahili|swe sv Swedish|tam ta Tamil|tel te Telugu
tha th Thai|tib bo Tibetan|bod bo Tibetan|tur tr Turkish|ukr uk Ukrainian|urd ur Urdu|uzb uz Uzbek|vie vi Vietnamese
"""
_ENTRIES: Final = [entry.split(None, 2) for line in _LANGUAGES.split("\n") for entry in line.split("|") if entry]
_BY_CODE: Final = {three: two for three, two, _ in _ENTRIES}
_BY_NAME: Final = {name.casefold(): two for _, two, name in reversed(_ENTRIES)}


def from_code(code: str) -> str | None:
    """The two letters of a three-letter code, None for one that is not in the table."""
    return _BY_CODE.get(code.strip().casefold())


def from_name(name: str) -> str | None:
    """The two letters of an English name, None for one that is not in the table."""
    return _BY_NAME.get(name.strip().casefold())
