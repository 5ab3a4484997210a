# ruff: noqa: RUF001, E501 - answers are written with signs for minus and times, each on one line
"""Answers as language models write them: which numbers are backed, and which are not."""

import pytest

from leonidas_jupyter.assistant.receipts import check
from leonidas_jupyter.assistant.results import Results


def table(*columns, rows, **more):
    return {"columns": [{"name": name, "type": "X"} for name in columns], "rows": rows, **more}


SPECIES = table(
    "species",
    "avg_mass_g",
    "n",
    rows=[
        ["Adelie", 3700.6622516556293, 151],
        ["Chinstrap", 3733.0882352941176, 68],
        ["Gentoo", 5076.016260162602, 123],
    ],
)
MONTHS = table(
    "month",
    "revenue",
    "orders",
    rows=[
        ["2024-01-01T00:00:00", 125430.5, 1021],
        ["2024-02-01T00:00:00", 118200.25, 988],
        ["2024-03-01T00:00:00", 142875.0, 1190],
        ["2024-04-01T00:00:00", 151020.75, 1243],
        ["2024-05-01T00:00:00", 139500.0, 1175],
        ["2024-06-01T00:00:00", 163250.4, 1302],
    ],
)
SURVIVED = table(
    "sex",
    "passengers",
    "survived",
    "rate",
    rows=[["female", 314, 233, 0.742038], ["male", 577, 109, 0.188908]],
)
TEST = {
    "test": "welch",
    "t": -8.2431,
    "df": 187.3,
    "p": 3.21e-14,
    "ci": [-1.92, -1.18],
    "n": [146, 344],
}
REGIONS = table(
    "region",
    "customers",
    "churn_pct",
    "balance",
    rows=[
        ["North", 1204, 12.43, -350.2],
        ["South", 980, 15.1, 1200.0],
        ["East", 1533, 9.87, 87.5],
        ["West", 1102, 11.05, -20.25],
        ["Centre", 640, 20.31, 410.0],
    ],
)
HOLIDAY = {"stdout": "mean delay: 14.27 min\nmax: 312\nrows used 5,819,079\n", "result": None}
PROFILE = {
    "name": "flights",
    "filename": "flights_2008.csv",
    "rows": 231083,
    "columns": [
        {
            "name": "delay",
            "type": "integer",
            "nulls": 112,
            "distinct": 410,
            "min": -34,
            "max": 702,
            "mean": 8.2167,
        },
        {
            "name": "date",
            "type": "datetime",
            "nulls": 0,
            "min": "2008-01-01T00:00:00",
            "max": "2008-03-31T23:55:00",
        },
    ],
    "duplicate_rows": 3,
}

CARS = table(
    "Origin",
    "n",
    "avg_mpg",
    "avg_hp",
    "min_year",
    "max_year",
    rows=[
        ["USA", 254, 20.0835, 119.05, 1970, 1982],
        ["Europe", 73, 27.891, 80.56, 1970, 1982],
        ["Japan", 79, 30.450, 79.84, 1970, 1982],
    ],
)
QUANTILES = {
    "quantiles": {"0.25": 17.5, "0.5": 23.0, "0.75": 29.0},
    "iqr": 11.5,
    "outliers": 1,
    "n": 398,
    "mean": 23.5146,
    "std": 7.816,
}
LINE = {
    "slope": -0.15784,
    "intercept": 39.9359,
    "r2": 0.60595,
    "r": -0.77843,
    "n": 392,
    "p_value": 7.03e-81,
    "stderr": 0.0064,
}
YEARS = table(
    "year",
    "pop",
    "life",
    rows=[[1955 + 5 * i, 2.5e9 + 3.1e8 * i + 1234567 * i * i, 50.1 + 1.63 * i] for i in range(11)],
)
CUSTOMERS = table(
    "customer_id",
    "name",
    "total",
    rows=[
        [10482, "Acme 3000 Ltd", 98234.5],
        [20931, "Bolt & Co", 87120.0],
        [18833, "Cyan", 71250.25],
        [99120, "Delta", 56000.0],
        [1203, "Epsilon", 55010.75],
    ],
)
CORRELATIONS = table(
    "column",
    "correlation",
    rows=[
        ["weight", -0.8322],
        ["displacement", -0.8051],
        ["horsepower", -0.7784],
        ["cylinders", -0.7776],
        ["year", 0.5805],
    ],
)

STORES = table(
    "store",
    "city",
    "sales_2022",
    "sales_2023",
    "staff",
    rows=[
        ["S01", "Leeds", 482300, 512900, 14],
        ["S02", "York", 391250, 377480, 11],
        ["S03", "Hull", 288000, 301500, 9],
        ["S04", "Bath", 612750, 655100, 19],
    ],
)
WEATHER = table(
    "month",
    "avg_temp",
    "rain_mm",
    "days_with_rain",
    rows=[
        [1, 4.1, 78.2, 17],
        [2, 4.6, 51.3, 12],
        [3, 6.9, 60.0, 13],
        [4, 9.2, 44.7, 11],
        [5, 12.8, 49.9, 10],
        [6, 15.7, 55.1, 10],
        [7, 18.0, 42.2, 9],
        [8, 17.6, 58.4, 10],
        [9, 14.8, 63.9, 11],
        [10, 11.3, 80.5, 15],
        [11, 7.2, 85.6, 17],
        [12, 4.9, 82.3, 17],
    ],
)
TIPS = table(
    "day",
    "n",
    "avg_tip",
    "avg_bill",
    "tip_rate",
    rows=[
        ["Thur", 62, 2.771452, 17.682742, 0.161276],
        ["Fri", 19, 2.734737, 17.151579, 0.169913],
        ["Sat", 87, 2.993103, 20.441379, 0.153152],
        ["Sun", 76, 3.255132, 21.41, 0.166897],
    ],
)
CHI = {"statistic": 12.4839, "p_value": 0.00194, "df": 2, "n": 244, "cramers_v": 0.2262}
TOT = table("orders", "customers", "revenue", "refunds", rows=[[18432, 4210, 1284390.55, 35120.1]])
AGE = table(
    "age_group",
    "n",
    "smokers",
    rows=[["18-29", 210, 41], ["30-44", 318, 88], ["45-59", 297, 71], ["60+", 175, 22]],
)

BACKED = {
    "alpha": (CHI, "At α = 0.05 we reject independence; even at the 1 % level it holds."),
    "plain values": (
        SPECIES,
        "Gentoo penguins average **5,076 g**, Adelie 3,700.7 g and Chinstrap 3733 g.",
    ),
    "counts": (
        SPECIES,
        "There are three species: Adelie (n = 151), Chinstrap (n = 68), Gentoo (n=123).",
    ),
    "difference of named rows": (SPECIES, "Gentoo are 1,375 g heavier than Adelie."),
    "percentage of named rows": (SPECIES, "Gentoo is about 37% heavier than Adelie."),
    "ratio": (SPECIES, "Gentoo weigh 1.37 times as much as Adelie."),
    "sum of a column": (SPECIES, "That is 342 penguins in all."),
    "share of a column": (SPECIES, "Adelie make up 44 % of them (151 of 342)."),
    "other unit": (SPECIES, "Gentoo penguins average 5.08 kg."),
    "from told numbers": (SPECIES, "Adelie average 3,701 g and Gentoo 5,076 g: a gap of 1,375 g."),
    "numbered list": (
        SPECIES,
        "Ranking by mass:\n\n1. **Gentoo** – 5,076 g\n2. **Chinstrap** – 3,733 g\n3. **Adelie** – 3,701 g",
    ),
    "markdown table": (
        SPECIES,
        "| # | Species | Mass (kg) |\n|---|---|---:|\n| 1 | Gentoo | 5.08 kg |\n| 2 | Chinstrap | 3.73 kg |",
    ),
    "code": (
        SPECIES,
        "I ran `SELECT avg(body_mass_g) FROM penguins LIMIT 99`:\n\n```sql\nSELECT 4711\n```\n\nDone.",
    ),
    "dates": (MONTHS, "Revenue was highest in June 2024 ($163,250.40) and lowest in Feb 2024."),
    "date forms": (MONTHS, "From 2024-01-01 to 30 June 2024, that is Q1 2024 and Q2 2024."),
    "thousands": (MONTHS, "June brought in $163k, January $125.4k."),
    "growth": (MONTHS, "From January to June revenue grew by 30.2 %."),
    "total": (MONTHS, "Total revenue over the six months was $840,277."),
    "average": (MONTHS, "On average $140,046 a month."),
    "per order": (MONTHS, "In June that is $125.38 per order (163,250.4 / 1,302)."),
    "million": (MONTHS, "Altogether roughly 0.84 million dollars."),
    "fell": (MONTHS, "In February it fell by $7,230 (−5.8 %)."),
    "fractions as percent": (SURVIVED, "74.2 % of the women survived, but only 18.9% of the men."),
    "rest of a share": (SURVIVED, "81.1 % of the men died."),
    "overall share": (SURVIVED, "Overall 342 of 891 passengers survived, 38.4 %."),
    "times": (SURVIVED, "Women were 3.9 times as likely to survive."),
    "percentage points": (SURVIVED, "The gap is 55.3 percentage points."),
    "one in": (SURVIVED, "Fewer than 1 in 5 men survived; of the women about three in four."),
    "p-value": (
        TEST,
        "t(187.3) = −8.24, p < 0.001, 95 % CI [−1.92, −1.18], so significant at the 5 % level.",
    ),
    "scientific": (TEST, "The p-value is 3.2e-14, or 3.21 × 10⁻¹⁴."),
    "negative": (REGIONS, "North stands at -350.2 and West at −20.25; South at 1,200."),
    "own percent": (REGIONS, "Churn is 20.3% in Centre, against 9.9% in East."),
    "pp of own percent": (REGIONS, "That is 10.4 pp more in Centre than in East."),
    "counting signs": (REGIONS, "Two regions have a negative balance; 3 of 5 are positive."),
    "top n": (REGIONS, "The top 3 regions by customers are East, North and West."),
    "top share": (REGIONS, "East, North and West together have 3,839 customers."),
    "printed": (
        HOLIDAY,
        "The mean delay is 14.3 minutes over 5.8 million rows; the worst was 312 minutes.",
    ),
    "profile": (
        PROFILE,
        "`flights_2008.csv` has 231,083 rows and 2 columns, from 1 January 2008 to 31 March 2008.",
    ),
    "null share": (PROFILE, "112 delays are missing, 0.05 % of the rows."),
    "range": (PROFILE, "Delays run from –34 to 702 minutes."),
    "methods": (
        PROFILE,
        "Outliers by the 1.5 × IQR rule, |z| > 3, or 2 standard deviations; rounded to 2 decimals.",
    ),
    "about": (PROFILE, "Roughly 231,000 rows, a mean delay of about 8 minutes."),
    "chat": (
        PROFILE,
        "There are two ways to read this. Step 1: filter. Step 2: group. See Figure 3.",
    ),
    "footnote": (PROFILE, "Delays are skewed.[1] See [the docs](https://example.org/v2/4711)."),
    "time of day": (PROFILE, "The last one left at 23:55."),
    "offer": (SPECIES, "Do you want the 25 heaviest?\n\n- How many weigh more than 4711 g"),
}

LONGER = [
    (
        STORES,
        "Bath sold the most in 2023 (655,100), Hull the least (301,500). Overall sales grew 4.1 %, from 1,774,300 to 1,846,980.",
    ),
    (STORES, "Only York declined: −3.5 % (391,250 → 377,480)."),
    (STORES, "Sales per employee are highest in Leeds with about £36.6k."),
    (STORES, "Three of four stores grew; Bath added the most, £42,350."),
    (STORES, "Bath accounts for 35.5 % of 2023 sales, more than twice Hull's share (16.3 %)."),
    (STORES, "S02 lost 13,770 year on year."),
    (
        WEATHER,
        "July is the warmest month (18.0 °C), January the coldest (4.1 °C), a swing of 13.9 degrees.",
    ),
    (WEATHER, "It rained on 152 days and 752 mm fell in total, i.e. 62.7 mm a month on average."),
    (WEATHER, "The wettest month is November (85.6 mm), almost exactly double July's 42.2 mm."),
    (
        TIPS,
        "Sunday diners tip best in absolute terms ($3.26), but as a share of the bill Friday leads with 17.0 %.",
    ),
    (TIPS, "The weekend (Sat + Sun) makes up 163 of 244 bills, 66.8 %."),
    (TIPS, "Tips range from 15.3 % (Sat) to 17.0 % (Fri), a gap of 1.7 percentage points."),
    (TIPS, "The average bill is $3.73 higher on Sunday than on Thursday."),
    (TIPS, "On Friday there were just 19 bills, so be careful with that number."),
    (
        CHI,
        "The association is significant (χ²(2) = 12.48, p = 0.002, n = 244), with a small to moderate effect (Cramér's V = 0.23).",
    ),
    (
        TOT,
        "4,210 customers placed 18,432 orders, 4.4 each. Revenue was $1.28M, or about $69.68 per order and $305 per customer.",
    ),
    (TOT, "Refunds came to $35.1k (2.7 % of revenue), leaving a net $1.25 million."),
    (
        AGE,
        "222 of 1,000 people smoke (22.2 %). The rate peaks at 27.7 % among 30-44 year-olds and falls to 12.6 % for those 60+.",
    ),
    (AGE, "The 18-29 group has a smoking rate of 19.5 %."),
    (AGE, "There are 4 age groups; the largest is 30-44 with 318 people (31.8 %)."),
    (SURVIVED, "- Women: 233 of 314 (74.2%)\n- Men: 109 of 577 (18.9%)\n\nThat's a 55-point gap."),
    (MONTHS, "Order volume peaked in June at 1,302, up 127 on May (+10.8%)."),
    (MONTHS, "The second quarter brought $453,771, 17.4 % more than the first ($386,506)."),
    (MONTHS, "The best three months together: $457,146."),
    (
        REGIONS,
        "East is the largest region with 1,533 customers (28.1 % of all), and has the lowest churn, 9.87 %.",
    ),
    (REGIONS, "The balances add up to 1,327.05."),
    (CORRELATIONS, "The weakest is year with 0.58; squared that's about 34 % of the variance."),
    (QUANTILES, "Half of the cars do 23 mpg or more; a quarter exceed 29."),
    (PROFILE, "Of 231,083 rows, 112 lack a delay and 3 are exact duplicates."),
    (HOLIDAY, "The mean is 14.27 min, so roughly a quarter of an hour."),
    (
        CARS,
        "Japanese cars get the best mileage, at **30.5 mpg** on average — roughly 50% better than American cars (20.1 mpg). European cars sit in between with 27.9 mpg.",
    ),
    (CARS, "Across the 406 cars, 62.6% are American, 18% European and 19.5% Japanese."),
    (CARS, "The data spans 1970–1982 (13 model years)."),
    (CARS, "American cars have on average 39 more horsepower than Japanese ones (119 vs 80 hp)."),
    (CARS, "The spread between best and worst is 10.4 mpg, i.e. a factor of 1.5."),
    (
        QUANTILES,
        "The middle 50% of cars lie between 17.5 and 29 mpg (IQR = 11.5). The upper fence is 29 + 1.5 × 11.5 = 46.25, and just 1 of 398 cars (0.25 %) exceeds it.",
    ),
    (QUANTILES, "The mean (23.5) is slightly above the median (23), which hints at right skew."),
    (
        LINE,
        "Each extra horsepower costs about 0.16 mpg (slope −0.158, SE 0.006, p < 0.001, n = 392). The model explains 61 % of the variance (R² = 0.61).",
    ),
    (LINE, "The fitted line is mpg = 39.94 − 0.158 · horsepower."),
    (
        YEARS,
        "World population rose from 2.5 billion in 1955 to 5.7 billion in 2005, i.e. it more than doubled (2.3×) in 50 years.",
    ),
    (
        YEARS,
        "Life expectancy gained 16.3 years between 1955 and 2005, about 1.63 years every 5 years.",
    ),
    (YEARS, "In the 1960s it was still around 52 years."),
    (
        CUSTOMERS,
        "Your five biggest customers:\n\n| Rank | Customer | Total |\n|---:|---|---:|\n| 1 | Acme 3000 Ltd | $98,234.50 |\n| 2 | Bolt & Co | $87,120.00 |\n| 3 | Cyan | $71,250.25 |\n| 4 | Delta | $56,000.00 |\n| 5 | Epsilon | $55,010.75 |\n\nTogether they account for $367,615.50; Acme alone is 26.7% of that.",
    ),
    (CUSTOMERS, "Customer 10482 (Acme 3000 Ltd) leads with 98.2k, 12.8% ahead of Bolt & Co."),
    (CUSTOMERS, "The top 2 make up half of it (50.4%)."),
    (
        CORRELATIONS,
        "Weight has the strongest correlation with mpg (r = -0.83), followed by displacement (-0.81). Four of the five are negative; only year is positive (+0.58).",
    ),
    (CORRELATIONS, "r² for weight is 0.69."),
    (CORRELATIONS, "All four size-related measures correlate below −0.77."),
    (
        SPECIES,
        "**Answer:** 5,076 g (Gentoo).\n\n*How:* mean of body_mass_g over 123 birds with a value; 2 decimals dropped.",
    ),
    (
        SPECIES,
        "Gentoo (36% of the 342 birds) are the heaviest: 5.1 kg, compared with 3.7 kg for the other two species.",
    ),
    (SPECIES, "Weighted across species the mean is 4,202 g."),
    (
        MONTHS,
        "June was 38.1% above February, the weakest month; the average order value went from $122.85 in January to $125.38 in June.",
    ),
    (MONTHS, "H1 2024 revenue: $840.3k on 6,919 orders (≈ $121 per order)."),
    (REGIONS, "Churn ranges from 9.9 % (East) to 20.3 % (Centre); the simple average is 13.8 %."),
    (REGIONS, "In total 5,459 customers, of whom East has 28 %."),
    (
        TEST,
        "The difference is significant, t = -8.24 on 187 degrees of freedom, sample sizes 146 and 344 (490 in total).",
    ),
    (
        PROFILE,
        "The frame has about 231 thousand flights; duplicates: 3; missing delays: 112 (0.0005 of all).",
    ),
]
"""Several claims in each."""

UNBACKED = {
    "made up": (SPECIES, "Gentoo average 5,123 g.", ["5,123"]),
    "wrong rounding": (SPECIES, "Gentoo average 5,077 g.", ["5,077"]),
    "wrong percent": (SPECIES, "Gentoo is 42.7% heavier than Adelie.", ["42.7%"]),
    "wrong difference": (SPECIES, "Gentoo are 1,475 g heavier than Adelie.", ["1,475"]),
    "wrong sum": (MONTHS, "Total revenue was $841,277.", ["$841,277"]),
    "wrong date": (MONTHS, "Revenue was highest in July 2024.", ["July 2024"]),
    "wrong year": (MONTHS, "In 2023 it was lower.", ["2023"]),
    "wrong sign": (REGIONS, "South stands at -1,200.", ["-1,200"]),
    "wrong scale": (MONTHS, "June brought in $163 million.", ["$163 million"]),
    "in a code span": (SPECIES, "Gentoo average `5123.4` g.", ["5123.4"]),
    "word": (SPECIES, "There are five species.", ["five"]),
    "p-value": (TEST, "p = 0.0312", ["0.0312"]),
    "in a table": (
        SPECIES,
        "| Species | Mass |\n|---|---|\n| Gentoo | 5,076 |\n| Adelie | 3,912 |",
        ["3,912"],
    ),
    "twice": (SPECIES, "It is 4,711, yes, 4,711.", ["4,711", "4,711"]),
    "beside right ones": (
        SURVIVED,
        "74.2 % survived of 314; the median fare was 14.45.",
        ["14.45"],
    ),
}


def receipts(result, text, question="Tell me about it.", code=None):
    results = Results()
    results.add("t1", result, code)
    return check(text, question, results)


@pytest.mark.parametrize(("result", "text"), BACKED.values(), ids=BACKED)
def test_what_a_result_backs(result, text):
    found = receipts(result, text)
    assert [each.text for each in found.unmatched] == [], found.derived


@pytest.mark.parametrize(("result", "text"), LONGER)
def test_longer_answers(result, text):
    found = receipts(result, text)
    assert [each.text for each in found.unmatched] == [], found.derived
    assert found.checked


@pytest.mark.parametrize(("result", "text", "marked"), UNBACKED.values(), ids=UNBACKED)
def test_what_no_result_backs(result, text, marked):
    found = receipts(result, text)
    assert [each.text for each in found.unmatched] == marked, found.derived
    for each in found.unmatched:
        assert text[each.start : each.end] == each.text
