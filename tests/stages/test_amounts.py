"""Sums of money and capacities are read exactly as the text states them."""

from __future__ import annotations

import sys
import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.stages.amounts import (
    CURRENCIES,
    find_capacity,
    find_money,
    format_capacity,
    format_money,
    same_value,
)
from newsbot.stages.numerals import format_number, german_number, listed, tokenize

# Each case: text, then what is found, "value unit bound" with "=", "<", ">" or "~".
MARKS = {"exact": "=", "up_to": "<", "at_least": ">", "about": "~"}

GERMAN_MONEY = [
    # scales
    ("30 Mrd. US-Dollar", "30e9 USD ="),
    ("30 Milliarden Dollar", "30e9 USD ="),
    ("2,1 Billionen Dollar", "2.1e12 USD ="),
    ("eine Billion Dollar", "1e12 USD ="),
    ("2,1 Bio. Euro", "2.1e12 EUR ="),
    ("USD 5 Mio.", "5e6 USD ="),
    ("5 Mio. USD", "5e6 USD ="),
    ("5 Mio USD", "5e6 USD ="),
    ("Das kostet USD 5 Mio. Der Rest folgt.", "5e6 USD ="),
    ("250 Tausend Euro", "250e3 EUR ="),
    ("250 Tsd. Euro", "250e3 EUR ="),
    ("250.000 Euro", "250e3 EUR ="),
    ("zwei Trillionen Dollar", "2e18 USD ="),
    ("3 Milliarden-Dollar-Vertrag", "3e9 USD ="),
    ("5 Mia. Franken", "5e9 CHF ="),
    # number words
    ("bis zu acht Milliarden Dollar", "8e9 USD <"),
    ("zwölf Milliarden Dollar", "12e9 USD ="),
    ("zwoelf Milliarden Dollar", "12e9 USD ="),
    ("einundzwanzig Millionen Euro", "21e6 EUR ="),
    ("zwei Komma fünf Milliarden Euro", "2.5e9 EUR ="),
    ("zweieinhalb Milliarden Euro", "2.5e9 EUR ="),
    ("anderthalb Milliarden Euro", "1.5e9 EUR ="),
    ("eineinhalb Millionen Franken", "1.5e6 CHF ="),
    ("eine halbe Milliarde Euro", "0.5e9 EUR ="),
    ("ein Viertel einer Milliarde Euro", "0.25e9 EUR ="),
    ("drei Viertel einer Milliarde Euro", "0.75e9 EUR ="),
    ("eine Dreiviertelmilliarde Dollar", "0.75e9 USD ="),
    ("eine Viertelmilliarde Euro", "0.25e9 EUR ="),
    ("ein Fünftel einer Milliarde Euro", "0.2e9 EUR ="),
    ("hundert Millionen Euro", "100e6 EUR ="),
    ("zweihundertfünfzig Millionen Euro", "250e6 EUR ="),
    ("dreißig Milliarden Dollar", "30e9 USD ="),
    ("dreissig Milliarden Dollar", "30e9 USD ="),
    ("achthunderttausend Euro", "800e3 EUR ="),
    ("fünfzig tausend Euro", "50e3 EUR ="),
    ("einer Milliarde Euro", "1e9 EUR ="),
    ("EINE MILLIARDE EURO", "1e9 EUR ="),
    ("Zwei-Milliarden-Euro-Projekt", "2e9 EUR ="),
    # marks and blanks
    ("1.500.000 Euro", "1500000 EUR ="),
    ("1.500 Mio. Euro", "1500e6 EUR ="),
    ("1.234,56 Euro", "1234.56 EUR ="),
    ("1 500 000 €", "1500000 EUR ="),
    ("1\u00a0500\u00a0000 €", "1500000 EUR ="),
    ("1\u202f500\u202f000\u202f€", "1500000 EUR ="),
    ("12\u2009500 Euro", "12500 EUR ="),
    ("CHF 2'500'000", "2500000 CHF ="),
    ("2’500’000 Franken", "2500000 CHF ="),
    ("0,5 Mrd. Euro", "0.5e9 EUR ="),
    ("1,250 Mrd. Euro", "1.25e9 EUR ="),
    ("$38.5bn", "38.5e9 USD ="),
    ("US-$ 38.5 Mrd.", "38.5e9 USD ="),
    ("US-$ 38.5", "38.5 USD ="),
    ("1,500,000 Dollar", "1500000 USD ="),
    ("300,000 Dollar", "300000 USD ="),
    ("1½ Milliarden Euro", "1.5e9 EUR ="),
    ("½ Mrd. Euro", "0.5e9 EUR ="),
    ("30\nMrd. Euro", "30e9 EUR ="),
    # currencies
    ("CHF 2,5 Mio.", "2.5e6 CHF ="),
    ("2,5 Millionen Franken", "2.5e6 CHF ="),
    ("2,5 Millionen Schweizer Franken", "2.5e6 CHF ="),
    ("Fr. 5 Mio.", "5e6 CHF ="),
    ("27 Mrd. Pfund", "27e9 GBP ="),
    ("27 Mrd. britische Pfund", "27e9 GBP ="),
    ("3 Millionen Pfund Sterling", "3e6 GBP ="),
    ("5 Milliarden Yen", "5e9 JPY ="),
    ("5 Milliarden japanische Yen", "5e9 JPY ="),
    ("5 Milliarden Yuan", "5e9 CNY ="),
    ("5 Mrd. Renminbi", "5e9 CNY ="),
    ("5 Billionen Won", "5e12 KRW ="),
    ("5 Mrd. Rupien", "5e9 INR ="),
    ("5 Mrd. Dirham", "5e9 AED ="),
    ("5 Mrd. AED", "5e9 AED ="),
    ("5 Mrd. Riyal", "5e9 SAR ="),
    ("5 Mrd. saudi-arabische Riyal", "5e9 SAR ="),
    ("11 Mrd. dänische Kronen", "11e9 DKK ="),
    ("11 Mrd. schwedische Kronen", "11e9 SEK ="),
    ("11 Mrd. norwegische Kronen", "11e9 NOK ="),
    ("In Norwegen kostet es 11 Mrd. Kronen", "11e9 NOK ="),
    ("11 Mrd. Kronen (dänische)", "11e9 DKK ="),
    ("11 Mio. kr", "11e6 SEK ="),
    ("3 Mrd. Złoty", "3e9 PLN ="),
    ("3 Mrd. zł", "3e9 PLN ="),
    ("2 Mrd. kanadische Dollar", "2e9 CAD ="),
    ("2 Mrd. australische Dollar", "2e9 AUD ="),
    ("2 Mrd. Hongkong-Dollar", "2e9 HKD ="),
    ("2 Mrd. Singapur-Dollar", "2e9 SGD ="),
    ("2 Mrd. Taiwan-Dollar", "2e9 TWD ="),
    ("2 Mrd. amerikanische Dollar", "2e9 USD ="),
    ("2 Mrd. US Dollar", "2e9 USD ="),
    ("2 Mrd. Dollars", "2e9 USD ="),
    ("350m€", "350e6 EUR ="),
    ("350 Mio.€", "350e6 EUR ="),
    ("€350m", "350e6 EUR ="),
    ("$38B", "38e9 USD ="),
    ("38 billion Dollar", "38e9 USD ="),
    ("EUR 7,3 Mrd.", "7.3e9 EUR ="),
    ("Euro 7,3 Mrd.", "7.3e9 EUR ="),
    # bounds
    ("rund 7,3 Mrd. Euro", "7.3e9 EUR ~"),
    ("knapp 7 Mrd. Euro", "7e9 EUR ~"),
    ("gut 7 Mrd. Euro", "7e9 EUR ~"),
    ("etwa 7 Mrd. Euro", "7e9 EUR ~"),
    ("circa 7 Mrd. Euro", "7e9 EUR ~"),
    ("ca. 7 Mrd. Euro", "7e9 EUR ~"),
    ("~7 Mrd. Euro", "7e9 EUR ~"),
    ("fast 7 Mrd. Euro", "7e9 EUR ~"),
    ("mehr als 7 Mrd. Euro", "7e9 EUR >"),
    ("über 7 Mrd. Euro", "7e9 EUR >"),
    ("von über 7 Mrd. Euro", "7e9 EUR >"),
    ("Microsoft investiert über 7 Mrd. Euro", "7e9 EUR >"),
    ("ein Vertrag im Wert von über 7 Mrd. Euro", "7e9 EUR >"),
    ("ein Vertrag über 7 Mrd. Euro", "7e9 EUR ="),
    ("ein Auftrag mit Oracle über 7 Mrd. Euro", "7e9 EUR ="),
    ("Der Auftrag bringt Oracle über 7 Mrd. Euro", "7e9 EUR >"),
    ("Finanzierungsrunde über 48 Millionen Euro", "48e6 EUR ="),
    ("ein Vertrag über rund 7 Mrd. Euro", "7e9 EUR ~"),
    ("mindestens 7 Mrd. Euro", "7e9 EUR >"),
    ("bis zu 7 Mrd. Euro", "7e9 EUR <"),
    ("Bis zu insgesamt 7 Mrd. Euro", "7e9 EUR <"),
    ("bis zu rund 7 Mrd. Euro", "7e9 EUR <"),
    ("maximal 7 Mrd. Euro", "7e9 EUR <"),
    ("höchstens 7 Mrd. Euro", "7e9 EUR <"),
    ("nicht mehr als 7 Mrd. Euro", "7e9 EUR <"),
    ("weniger als 7 Mrd. Euro", "7e9 EUR <"),
    ("nicht weniger als 7 Mrd. Euro", "7e9 EUR >"),
    ("knapp über 7 Mrd. Euro", "7e9 EUR >"),
    ("7 Mrd. Euro oder mehr", "7e9 EUR >"),
    ("rund ein Viertel einer Milliarde Euro", "0.25e9 EUR ~"),
    ("der bis zu 30 Mrd. Dollar schwere Vertrag", "30e9 USD <"),
    ("Ende 2025.\n\n7 Mrd. Euro", "7e9 EUR ="),
    ("bis zu\n\n7 Mrd. Euro", "7e9 EUR ="),
    # ranges and lists
    ("acht bis zehn Milliarden Euro", "8e9 EUR > | 10e9 EUR <"),
    ("zwischen 5 und 7 Milliarden Euro", "5e9 EUR > | 7e9 EUR <"),
    ("5-7 Mrd. Euro", "5e9 EUR > | 7e9 EUR <"),
    ("5–7 Mrd. Euro", "5e9 EUR > | 7e9 EUR <"),
    ("500 Mio. bis 1 Mrd. Euro", "500e6 EUR > | 1e9 EUR <"),
    ("3,8 bis 4,2 Milliarden Dollar", "3.8e9 USD > | 4.2e9 USD <"),
    ("zwischen 249 und 1.199 Euro", "249 EUR > | 1199 EUR <"),
    ("um 900 Mio. auf 2,4 Mrd. US-Dollar", "900e6 USD = | 2.4e9 USD ="),
    ("von 1,5 auf 2 Mrd. Euro", "1.5e9 EUR = | 2e9 EUR ="),
    ("um 3 Dollar auf 120,50 Dollar", "3 USD = | 120.5 USD ="),
    ("sinkt von 130 auf 62 Dollar", "130 USD = | 62 USD ="),
    ("von 2024 auf 5 Mrd. Euro", "5e9 EUR ="),
    ("zwei Milliarden oder drei Milliarden Euro", "2e9 EUR = | 3e9 EUR ="),
    ("bis 2030 30 Mrd. Dollar", "30e9 USD ="),
    ("30 Mrd. Dollar bis 2030", "30e9 USD ="),
    ("2025 500 Mio. Euro", "500e6 EUR ="),
    ("Für 10 Mrd. Euro 5 Millionen Chips", "10e9 EUR ="),
    # compounds
    ("30-Milliarden-Dollar-Vertrag", "30e9 USD ="),
    ("der 30 Milliarden Dollar schwere Vertrag", "30e9 USD ="),
    ("100-Mio.-Euro-Projekt", "100e6 EUR ="),
    ("50-Euro-Gutschein", "50 EUR ="),
    ("30-Milliarden-US-Dollar-Deal", "30e9 USD ="),
    # conversions
    ("$20bn (rund 17 Mrd. Euro)", "20e9 USD ="),
    ("17 Milliarden Euro (20 Milliarden Dollar)", "17e9 EUR ="),
    ("20 Mrd. Dollar (umgerechnet rund 17 Mrd. Euro)", "20e9 USD ="),
    ("20 Mrd. Dollar, umgerechnet rund 17 Mrd. Euro, fließen", "20e9 USD ="),
    ("20 Mrd. Dollar, das sind rund 17 Mrd. Euro", "20e9 USD ="),
    ("rund 1,9 Mrd. Dollar (etwa 1,65 Mrd. Euro)", "1.9e9 USD ~"),
    ("umgerechnet 17 Mrd. Euro (20 Mrd. Dollar)", "20e9 USD ="),
    ("400 Mrd. Yen (2,3 Mrd. Euro)", "400e9 JPY ="),
    ("30 Mrd. Dollar schwerer Vertrag (26 Mrd. Euro)", "30e9 USD ="),
    ("20 Mrd. Dollar (davon 5 Mrd. Euro sofort)", "20e9 USD = | 5e9 EUR ="),
    ("5 bis 6 Mrd. Dollar (4,5 bis 5,4 Mrd. Euro)", "5e9 USD > | 6e9 USD <"),
    ("umgerechnet rund 17 Mrd. Euro", "17e9 EUR ~"),
    # carried over
    ("420 Mio. Euro, davon 150 Mio.", "420e6 EUR = | 150e6 EUR ="),
    ("Sie zahlt 8 Mrd. Dollar. Zwei Milliarden davon sofort", "8e9 USD = | 2e9 USD ="),
    ("96 Mio. Euro, später bis zu 140 Millionen.", "96e6 EUR = | 140e6 EUR <"),
    ("96 Mio. Euro von 140 Millionen Nutzern.", "96e6 EUR ="),
    ("96 Mio. Euro, die Nutzerzahl stieg auf 140 Millionen.", "96e6 EUR ="),
    ("96 Mio. Euro. Es wuchs auf 140 Millionen.", "96e6 EUR = | 140e6 EUR ="),
    ("Sie zahlt 9 Mio. Euro. Er schießt bis zu 2 Mio. zu.", "9e6 EUR = | 2e6 EUR <"),
    ("96 Mio. Euro. A. B. C. Es wuchs auf 140 Millionen.", "96e6 EUR ="),
    ("96 Mio. Euro. Es hat 140 Millionen Nutzer.", "96e6 EUR ="),
    ("96 Mio. Euro. Es kostet KSh 140 Millionen.", "96e6 EUR ="),
]

GERMAN_NO_MONEY = [
    "Milliardenbetrag",
    "mehrere Milliarden Euro",
    "mehrere hundert Millionen Euro",
    "einige 100 Millionen Euro",
    "ein paar Milliarden Dollar",
    "dreistelliger Millionenbetrag",
    "ein zweistelliger Milliardenbetrag in Euro",
    "Milliarden Euro",
    "der Euro",
    "ein Euro-Land",
    "20 Euro-Länder",
    "11,9-Milliarden-Vertrag",
    "1,8 Billionen Token",
    "250 Milliarden Parameter",
    "bis zu acht Milliarden",
    "12,5 Prozent",
    "Euro 2024",
    "am 12.03.2025",
    "Telefon 030 1234567",
    "192.168.1.1",
    "GPT-5 H100 5G Llama 3.1",
    "Der Nvidia-Chef gewann 5 Preise",
    "ein Drittel einer Milliarde Euro",
    "1.2.3 Euro",
    "9" * 19 + " Euro",
    "1,2,3 Mrd. Euro",
]

ENGLISH_MONEY = [
    ("$2.1 trillion", "2.1e12 USD ="),
    ("2.1tn dollars", "2.1e12 USD ="),
    ("$2.1tn", "2.1e12 USD ="),
    ("$1T", "1e12 USD ="),
    ("$30 billion", "30e9 USD ="),
    ("$30 Billion", "30e9 USD ="),
    ("$9.8 BLN", "9.8e9 USD ="),
    ("30 billion dollars", "30e9 USD ="),
    ("£27bn", "27e9 GBP ="),
    ("£27 bn.", "27e9 GBP ="),
    ("€350m", "350e6 EUR ="),
    ("€350 m", "350e6 EUR ="),
    ("350m€", "350e6 EUR ="),
    ("$5MM", "5e6 USD ="),
    ("$38B", "38e9 USD ="),
    ("$38K", "38e3 USD ="),
    ("US$ 38 billion", "38e9 USD ="),
    ("US$38bn", "38e9 USD ="),
    ("USD38bn", "38e9 USD ="),
    ("$38 billion USD", "38e9 USD ="),
    ("$5 million Canadian dollars", "5e6 CAD ="),
    ("5 billion U.S. dollars", "5e9 USD ="),
    ("5 billion US dollars", "5e9 USD ="),
    ("5 billion yen", "5e9 JPY ="),
    ("¥5 billion", "5e9 JPY ="),
    ("The yuan fell. ¥5 billion", "5e9 CNY ="),
    ("CN¥5 billion", "5e9 CNY ="),
    ("RMB5bn", "5e9 CNY ="),
    ("5 billion won", "5e9 KRW ="),
    ("1.4 trillion South Korean won", "1.4e12 KRW ="),
    ("₹5,000 crore", "50e9 INR ="),
    ("Rs 20,000 crore", "200e9 INR ="),
    ("Rs. 2 lakh crore", "2e12 INR ="),
    ("5 lakh rupees", "500e3 INR ="),
    ("₹1,00,000", "100000 INR ="),
    ("AED 5bn", "5e9 AED ="),
    ("5 billion dirhams", "5e9 AED ="),
    ("SAR 5bn", "5e9 SAR ="),
    ("5 billion Saudi riyals", "5e9 SAR ="),
    ("SEK 5bn", "5e9 SEK ="),
    ("NOK 14bn", "14e9 NOK ="),
    ("DKK 5m", "5e6 DKK ="),
    ("5 billion Danish kroner", "5e9 DKK ="),
    ("kr 5bn in Stockholm", "5e9 SEK ="),
    ("C$5bn", "5e9 CAD ="),
    ("A$5bn", "5e9 AUD ="),
    ("S$5bn", "5e9 SGD ="),
    ("HK$5bn", "5e9 HKD ="),
    ("R$5bn", "5e9 BRL ="),
    ("NT$5bn", "5e9 TWD ="),
    ("5 billion Hong Kong dollars", "5e9 HKD ="),
    ("5 million Swiss francs", "5e6 CHF ="),
    ("5 million pounds sterling", "5e6 GBP ="),
    ("1,500,000 dollars", "1500000 USD ="),
    ("$1,500.50", "1500.5 USD ="),
    ("1.500 billion dollars", "1.5e9 USD ="),
    ("€250.000", "250000 EUR ="),
    ("2,5 billion euros", "2.5e9 EUR ="),
    ("$0.90", "0.9 USD ="),
    ("five billion dollars", "5e9 USD ="),
    ("twenty-five million dollars", "25e6 USD ="),
    ("one hundred and fifty million euros", "150e6 EUR ="),
    ("two point five billion dollars", "2.5e9 USD ="),
    ("two and a half billion dollars", "2.5e9 USD ="),
    ("a billion and a half dollars", "1.5e9 USD ="),
    ("a quarter of a billion dollars", "0.25e9 USD ="),
    ("a quarter-billion dollars", "0.25e9 USD ="),
    ("three-quarters of a billion dollars", "0.75e9 USD ="),
    ("half a billion euros", "0.5e9 EUR ="),
    ("half-a-billion-dollar deal", "0.5e9 USD ="),
    ("a hundred million dollars", "100e6 USD ="),
    ("a billion dollars", "1e9 USD ="),
    ("a $30 billion contract", "30e9 USD ="),
    ("a $30-billion contract", "30e9 USD ="),
    ("a 30-billion-dollar contract", "30e9 USD ="),
    ("a five-billion-euro plan", "5e9 EUR ="),
    ("at least $5bn", "5e9 USD >"),
    ("more than $5bn", "5e9 USD >"),
    ("over $5bn", "5e9 USD >"),
    ("a dispute over $5bn", "5e9 USD ="),
    ("upwards of $5bn", "5e9 USD >"),
    ("north of $5bn", "5e9 USD >"),
    ("no less than $5bn", "5e9 USD >"),
    ("just over $5bn", "5e9 USD >"),
    ("$5bn+", "5e9 USD >"),
    ("a $5 billion-plus deal", "5e9 USD >"),
    ("$5bn or more", "5e9 USD >"),
    ("up to $5bn", "5e9 USD <"),
    ("Up to a further $5bn", "5e9 USD <"),
    ("adds up to $5bn", "5e9 USD ="),
    ("as much as $5bn", "5e9 USD <"),
    ("no more than $5bn", "5e9 USD <"),
    ("can reach $5bn", "5e9 USD <"),
    ("nearly $5bn", "5e9 USD ~"),
    ("almost $5bn", "5e9 USD ~"),
    ("some $5bn", "5e9 USD ~"),
    ("roughly $5bn", "5e9 USD ~"),
    ("around $5bn", "5e9 USD ~"),
    ("about a $5bn", "5e9 USD ~"),
    ("$5bn or so", "5e9 USD ~"),
    ("5 to 7 billion dollars", "5e9 USD > | 7e9 USD <"),
    ("$5-7bn", "5e9 USD > | 7e9 USD <"),
    ("$5bn-$7bn", "5e9 USD > | 7e9 USD <"),
    ("$5bn-7bn", "5e9 USD > | 7e9 USD <"),
    ("$5 to $7 billion", "5e9 USD > | 7e9 USD <"),
    ("between $5bn and $7bn", "5e9 USD > | 7e9 USD <"),
    ("five-to-seven billion dollars", "5e9 USD > | 7e9 USD <"),
    ("ranging from $5bn to $7bn", "5e9 USD > | 7e9 USD <"),
    ("raised from $5bn to $7bn", "5e9 USD = | 7e9 USD ="),
    ("$5bn, or up to $7bn", "5e9 USD = | 7e9 USD <"),
    ("$2bn and $3bn", "2e9 USD = | 3e9 USD ="),
    ("in 2025 $10bn", "10e9 USD ="),
    ("in 2025 USD 10bn", "10e9 USD ="),
    ("$20bn (€17bn)", "20e9 USD ="),
    ("$20bn (about 17 billion euros)", "20e9 USD ="),
    ("$20bn, or about €17bn, in cash", "20e9 USD ="),
    ("¥2.1 trillion ($14.2 billion)", "2.1e12 JPY ="),
    ("the equivalent of $20bn", "20e9 USD ="),
    ("$20bn and €17bn", "20e9 USD = | 17e9 EUR ="),
    ("$20bn (including €1bn)", "20e9 USD = | 1e9 EUR ="),
    ("Dollar General paid $5m", "5e6 USD ="),
]

ENGLISH_NO_MONEY = [
    "$AAPL",
    "C# 5",
    "C$ and A$AP",
    "5 Dollar General stores",
    "20 euro zone countries",
    "multi-billion-dollar contract",
    "tens of billions of dollars",
    "hundreds of millions of euros",
    "several hundred million dollars",
    "a few billion dollars",
    "a ten-figure sum",
    "billions of dollars",
    "3 million users",
    "5 percent",
    "5 million won a contract",
    "3 won",
    "call +1 212 555 0100",
    "version 2.1",
    "GPT-5 and H100 and 5G",
    "$ 5.6.7",
    "1" * 100_000 + " dollars",
    "$" + "1," * 50_000 + "1",
    "",
]

CAPACITY = [
    ("de", "2 GW", "2 GW ="),
    ("de", "2,5 Gigawatt", "2.5 GW ="),
    ("de", "500 MW", "500 MW ="),
    ("de", "750 Megawatt", "750 MW ="),
    ("de", "bis zu 750 Megawatt", "750 MW <"),
    ("de", "800 kW", "800 kW ="),
    ("de", "250.000 GPUs", "250000 GPU ="),
    ("de", "250.000 Grafikprozessoren", "250000 GPU ="),
    ("de", "250.000 Grafikkarten", "250000 GPU ="),
    ("de", "eine Million TPUs", "1e6 TPU ="),
    ("de", "über zwei Millionen Chips", "2e6 chip >"),
    ("de", "64.000 Beschleuniger", "64000 accelerator ="),
    ("de", "64.000 KI-Beschleuniger von Nvidia", "64000 accelerator ="),
    ("de", "60.000 Inferenzchips", "60000 chip ="),
    ("de", "3.200 H200", "3200 GPU ="),
    ("de", "rund 3.200 Nvidia H200", "3200 GPU ~"),
    ("de", "3.200 H200-GPUs", "3200 GPU ="),
    ("de", "ein 300-Megawatt-Rechenzentrum", "300 MW ="),
    ("de", "eine Leistung von anderthalb Gigawatt", "1.5 GW ="),
    ("de", "ein halbes Gigawatt", "0.5 GW ="),
    ("de", "ein Gigawatt", "1 GW ="),
    ("de", "zwei bis drei Gigawatt", "2 GW > | 3 GW <"),
    ("de", "von 300 auf 500 Megawatt", "300 MW = | 500 MW ="),
    ("de", "100.000 GPUs, 30.000 davon sofort", "100000 GPU = | 30000 GPU ="),
    ("de", "300,000 GPUs", "300000 GPU ="),
    ("de", "64 Racks", "64 rack ="),
    ("en", "300,000 Nvidia GB300 GPUs", "300000 GPU ="),
    ("en", "up to one million TPUs", "1e6 TPU <"),
    ("en", "100,000 Trainium2 chips", "100000 chip ="),
    ("en", "100,000 of its E2 processors", "100000 chip ="),
    ("en", "4,000 accelerators", "4000 accelerator ="),
    ("en", "100 exaflops", "100 exaflop ="),
    ("en", "a 2-gigawatt campus", "2 GW ="),
    ("en", "1 GW-scale", "1 GW ="),
    ("en", "a gigawatt of capacity", "1 GW ="),
    ("en", "half a gigawatt", "0.5 GW ="),
    ("en", "one-and-a-half gigawatts", "1.5 GW ="),
    ("en", "2-3 GW", "2 GW > | 3 GW <"),
    ("en", "a 10,000-GPU cluster", "10000 GPU ="),
    ("en", "a 10,000-chip cluster", "10000 chip ="),
    ("en", "72 GB200 racks", "72 rack ="),
    ("en", "100,000 GB300s", "100000 GPU ="),
    ("en", "100k GPUs", "100000 GPU ="),
    ("en", "1,000 MI355X accelerators", "1000 accelerator ="),
    ("en", "8,000 graphics processors", "8000 GPU ="),
    ("en", "9,000 tensor processing units", "9000 TPU ="),
    (
        "en",
        "from 1,000 to 3,500 accelerators",
        "1000 accelerator = | 3500 accelerator =",
    ),
    ("en", "8,000 GPUs and 30,000 of them", "8000 GPU = | 30000 GPU ="),
    ("en", "more than 1.2GW", "1.2 GW >"),
    ("de", "2 GWh", ""),
    ("de", "Gigawatt-Campus", ""),
    ("de", "300 Chiphersteller", ""),
    ("de", "300 Chip-Ingenieure", ""),
    ("de", "5.000 GPU-Stunden", ""),
    ("de", "mehrere 100 Megawatt", ""),
    ("de", "in 3.000 Schulen laufen GPUs", ""),
    ("en", "several hundred megawatts", ""),
    ("en", "a gigawatt-scale site", ""),
    ("en", "100 GPU hours", ""),
    ("en", "an AI chip", ""),
    ("en", "the H100 and GPT-5", ""),
    ("en", "$0.90 per GPU hour", ""),
]


def expected(line: str) -> list[tuple[Decimal, str, str]]:
    """Read the right column of a table."""
    rows = [part.split() for part in line.split("|") if part.strip()]
    return [(Decimal(value), unit, mark) for value, unit, mark in rows]


def money(text: str, language: str) -> list[tuple[Decimal, str, str]]:
    """Give what is found in the form of the tables."""
    return [
        (found.value, found.currency, MARKS[found.bound])
        for found in find_money(text, language)
    ]


def test_tables_are_large():
    """The tables have not been emptied by accident."""
    tables = (GERMAN_MONEY, GERMAN_NO_MONEY, ENGLISH_MONEY, ENGLISH_NO_MONEY, CAPACITY)
    assert sum(map(len, tables)) >= 320


@pytest.mark.parametrize(("text", "line"), GERMAN_MONEY)
def test_german_money(text, line):
    """German sums have value, currency and bound, alone and in a sentence."""
    assert money(text, "de") == expected(line)
    assert money(f"Am Montag hieß es: {text}", "de") == expected(line)


@pytest.mark.parametrize(("text", "line"), ENGLISH_MONEY)
def test_english_money(text, line):
    """English sums have value, currency and bound, alone and in a sentence."""
    assert money(text, "en") == expected(line)
    assert money(f"They said on Monday: {text}", "en") == expected(line)


@pytest.mark.parametrize("text", GERMAN_NO_MONEY, ids=lambda text: text[:30])
def test_german_without_money(text):
    """What only looks like money gives nothing."""
    assert money(text, "de") == []


@pytest.mark.parametrize("text", ENGLISH_NO_MONEY, ids=lambda text: text[:30])
def test_english_without_money(text):
    """What only looks like money gives nothing."""
    assert money(text, "en") == []


@pytest.mark.parametrize(("language", "text", "line"), CAPACITY)
def test_capacity(language, text, line):
    """Power and hardware have value, unit and bound; look-alikes give nothing."""
    found = [
        (mention.value, mention.unit, MARKS[mention.bound])
        for mention in find_capacity(text, language)
    ]
    assert found == expected(line)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("bis zu 30 Mrd. US-Dollar schwer", "30 Mrd. US-Dollar"),
        ("about US$ 38 billion in cash", "US$ 38 billion"),
        ("a $30 billion contract", "$30 billion"),
        ("rund ein Viertel einer Milliarde Euro.", "ein Viertel einer Milliarde Euro"),
        ("die 100-Mio.-Euro-Anlage", "100-Mio.-Euro"),
    ],
)
def test_spans_hold_figure_and_currency(text, span):
    """A span covers scale and currency, but neither the bound nor an article."""
    (found,) = find_money(text, "de" if "Euro" in text or "Mrd" in text else "en")
    assert text[found.start : found.end] == span


def test_paragraphs_do_not_mix():
    """A figure at the end of one paragraph takes no unit from the next."""
    assert find_money("It was 5\n\n$7bn and 3\n\nmillion dollars", "en")[0].value == 7e9
    assert find_capacity("It was 5\n\nGW", "en") == []


def test_values_have_no_exponent():
    """Values print as plain digits, so they can be stored as text."""
    (found,) = find_money("$30bn", "en")
    assert str(found.value) == "30000000000"


PIECES = st.sampled_from(
    [
        "\n\n",
        *listed("""
        $ € £ ¥ US$ 5 7 30 1.500 2,1 38.5 000 bn m B k Mrd. Mio. Milliarden billion
        Billionen Dollar Euro Franken yen won kr CHF USD to bis - – and und or zwischen
        between from von auf about rund bis zu up ( ) , . umgerechnet half a quarter of
        eine halbe Viertel einer davon GW MW GPUs H200 Nvidia chips ½ '
        """),
    ]
)
TEXTS = st.text(max_size=200) | st.lists(PIECES, max_size=40).flatmap(
    lambda pieces: st.sampled_from([" ", ""]).map(lambda joint: joint.join(pieces))
)
LANGUAGES = st.sampled_from(["de", "en"])


@settings(max_examples=400, deadline=None)
@given(TEXTS, LANGUAGES)
def test_any_text_gives_sorted_disjoint_mentions(text, language):
    """No text crashes the readers; their spans are ordered and lie in the text."""
    for found in (find_money(text, language), find_capacity(text, language)):
        position = 0
        for mention in found:
            assert position <= mention.start < mention.end <= len(text)
            assert mention.value.is_finite()
            assert mention.value >= 0
            position = mention.end


@settings(max_examples=400, deadline=None)
@given(TEXTS, LANGUAGES)
def test_spans_read_back(text, language):
    """A span says alone what it says in its text.

    Unless the text lends it something: a currency ("5 bis 7 Mrd. Euro"), a scale
    ("$5-7bn"), or the country of a crown or a ¥.
    """
    for mention in find_money(text, language):
        span = text[mention.start : mention.end]
        if "¥" in span or "kr" in span:
            continue
        alone = find_money(span, language)
        if not alone:
            assert not any(sign in span for sign in ("$", "€", "£", "Dollar", "Euro"))
            continue
        assert len(alone) == 1
        assert alone[0].currency == mention.currency
        if alone[0].value != mention.value:
            lent = mention.value / alone[0].value
            assert lent in {Decimal(10) ** power for power in (3, 6, 9, 12, 15)}


VALUES = st.decimals(
    min_value=0, max_value=10**12, places=2, allow_nan=False, allow_infinity=False
) | st.integers(0, 10**16).map(Decimal)


@given(VALUES, st.sampled_from(sorted(CURRENCIES)), LANGUAGES)
def test_written_money_reads_back(value, currency, language):
    """What `format_money` writes is read as the same sum, in both languages."""
    written = format_money(value, currency, language)
    assert money(written, language) == [(value, currency, "=")], written


UNITS = st.sampled_from(["GW", "MW", "kW", "GPU", "TPU", "chip", "rack"])


@given(VALUES.filter(bool), UNITS, LANGUAGES)
def test_written_capacity_reads_back(value, unit, language):
    """What `format_capacity` writes is read as the same quantity."""
    (found,) = find_capacity(format_capacity(value, unit, language), language)
    assert (found.value, found.unit) == (value, unit)


@pytest.mark.parametrize(
    ("value", "currency", "german", "english"),
    [
        ("30e9", "USD", "30 Mrd. US-Dollar", "$30bn"),
        ("2.75e9", "EUR", "2,75 Mrd. Euro", "€2.75bn"),
        ("1234567890", "GBP", "1,23456789 Mrd. Pfund", "£1.23456789bn"),
        ("2.1e12", "USD", "2,1 Bio. US-Dollar", "$2.1tn"),
        ("85e6", "CHF", "85 Mio. Franken", "CHF 85m"),
        ("1500", "EUR", "1.500 Euro", "€1,500"),
        ("120.50", "USD", "120,5 US-Dollar", "$120.5"),
        ("5e9", "AED", "5 Mrd. AED", "AED 5bn"),
        ("1.5e33", "USD", None, "$1,500,000,000,000,000,000,000tn"),
    ],
)
def test_press_style(value, currency, german, english):
    """Sums are written as the press writes them, with every digit."""
    assert format_money(Decimal(value), currency, "en") == english
    if german is not None:
        assert format_money(Decimal(value), currency, "de") == german


def test_capacity_style():
    """Units are written in the language of the message."""
    assert format_capacity(Decimal("2.50"), "GW", "de") == "2,5 GW"
    assert format_capacity(Decimal(300000), "GPU", "de") == "300.000 GPUs"
    assert format_capacity(Decimal(300000), "chip", "en") == "300,000 chips"
    assert format_capacity(Decimal(64), "accelerator", "de") == "64 Beschleuniger"


@pytest.mark.parametrize("value", ["-1", "NaN", "Infinity"])
def test_only_amounts_are_written(value):
    """What is no amount is refused, not written."""
    with pytest.raises(ValueError, match="finite"):
        format_money(Decimal(value), "USD", "en")
    with pytest.raises(ValueError, match="finite"):
        format_number(Decimal(value), "de")


def test_same_value_allows_rounding():
    """Values within one percent are the same, zero only equals zero."""
    assert same_value(Decimal(100), Decimal(99))
    assert not same_value(Decimal(100), Decimal("98.9"))
    assert same_value(Decimal(0), Decimal(0))
    assert not same_value(Decimal(0), Decimal(1))
    assert same_value(Decimal(100), Decimal(90), Decimal("0.1"))


@given(st.integers(1, 999_999))
def test_german_numbers_are_read(number):
    """Every German number word up to a million is read."""
    assert german_number(spell(number)) == number


def spell(number: int) -> str:
    """Spell a German number below a million, independently of the reader."""
    ones = listed("- ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf")
    teens = {13: "dreizehn", 16: "sechzehn", 17: "siebzehn"}
    tens = listed(
        "- - zwanzig dreissig vierzig fünfzig sechzig siebzig achtzig neunzig"
    )
    if number >= 1000:
        rest = number % 1000
        return spell(number // 1000) + "tausend" + (spell(rest) if rest else "")
    if number >= 100:
        rest = number % 100
        return ones[number // 100] + "hundert" + (spell(rest) if rest else "")
    if number <= 12:
        return ones[number]
    if number < 20:
        return teens.get(number, ones[number - 10] + "zehn")
    one, ten = number % 10, tens[number // 10]
    return f"{ones[one]}und{ten}" if one else ten


def test_tokens_cover_the_text():
    """Tokens lie in order and carry exactly their piece of the text."""
    text = "Bis zu 30\u00a0Mrd. US-$ 5½ \n\n Straße"
    tokens = tokenize(text)
    assert [text[token.start : token.end] for token in tokens] == [
        token.text for token in tokens
    ]
    assert "".join(token.text for token in tokens) == "".join(text.split())


HARD = [
    "1,",
    "1 000 ",
    "one hundred ",
    "$5bn or ",
    "umgerechnet rund 5 Mrd. Euro ",
    "a quarter of ",
    "bis zu rund insgesamt ",
    "Vertrag mit Oracle über ",
    "5 new advanced latest custom ",
    "- ",
    "$",
    " ",
    "\n",
    "tausend",
    "5 Mrd. Dollar (4 Mrd. Euro) von 3 auf 7 Mrd. ",
    "kr 5 ¥ 5 ",
]


@pytest.mark.parametrize("piece", HARD)
@pytest.mark.parametrize("find", [find_money, find_capacity])
def test_time_is_linear(find, piece):
    """Four times the text costs well under eight times the time."""

    def cost(size: int) -> float:
        text = piece * (size // len(piece))
        times = []
        for _ in range(3):
            started = time.process_time()
            find(text, "de")
            times.append(time.process_time() - started)
        return min(times)

    # The smallest cost guards against dividing by the clock's resolution.
    assert cost(32_000) < 8 * max(cost(8_000), 0.002)


@pytest.mark.parametrize("length", [4299, 4301, 100_000])
def test_long_digits_are_no_amount(length):
    """A string of digits beyond Python's limit for integers is passed over."""
    assert sys.get_int_max_str_digits() == 4300
    for digits in ("9" * length, "9" * length + "." + "9" * length, "999 " * length):
        assert money(f"${digits} bn, 5 Mio. Euro", "de") == expected("5e6 EUR =")
        assert find_capacity(f"{digits} GW", "de") == []
