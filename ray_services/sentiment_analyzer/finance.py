"""Words of finance that the published lexicon lacks or takes in their everyday sense.

Chosen and weighed for this project, on the published lexicon's scale from -4 to 4.
"""

FINANCE: dict[str, float] = {
    # Prices that rise
    "bullish": 2.6, "bull": 1.6, "bulls": 1.6, "rally": 1.9, "rallies": 1.9, "rallied": 1.9,
    "rallying": 1.9, "soar": 2.4, "soars": 2.4, "soared": 2.4, "soaring": 2.4, "surge": 2.0,
    "surges": 2.0, "surged": 2.0, "surging": 2.0, "skyrocket": 2.6, "skyrockets": 2.6,
    "skyrocketed": 2.6, "skyrocketing": 2.6, "breakout": 1.6, "uptrend": 1.6, "upside": 1.5,
    "rebound": 1.3, "rebounds": 1.3, "rebounded": 1.3, "rebounding": 1.3, "moon": 1.8,
    "mooning": 2.2, "tendies": 1.9, "uptick": 1.0, "outperform": 1.9, "outperforms": 1.9,
    "outperformed": 1.9, "outperforming": 1.9, "multibagger": 2.5, "all-time-high": 2.0, "ath": 1.6,
    # Prices that fall
    "bearish": -2.6, "bear": -1.4, "bears": -1.4, "plunge": -2.4, "plunges": -2.4,
    "plunged": -2.4, "plunging": -2.4, "plummet": -2.6, "plummets": -2.6, "plummeted": -2.6,
    "plummeting": -2.6, "tumble": -1.8, "tumbles": -1.8, "tumbled": -1.8, "tumbling": -1.8,
    "slump": -1.9, "slumps": -1.9, "slumped": -1.9, "slumping": -1.9, "selloff": -2.0,
    "sell-off": -2.0, "downtrend": -1.6, "downside": -1.4, "downturn": -1.8, "drawdown": -1.5,
    "capitulation": -2.2, "correction": -1.1, "freefall": -2.8, "tank": -1.8, "tanks": -1.8,
    "tanked": -2.2, "tanking": -2.2, "rekt": -2.8, "bagholder": -2.2, "bagholders": -2.2,
    "bagholding": -2.2, "underperform": -1.9, "underperforms": -1.9, "underperformed": -1.9,
    "underperforming": -1.9, "downtick": -1.0, "headwind": -1.2, "headwinds": -1.2,
    "tailwind": 1.2, "tailwinds": 1.2,
    # Opinions
    "upgrade": 1.6, "upgrades": 1.6, "upgraded": 1.8, "downgrade": -1.8, "downgrades": -1.8,
    "downgraded": -2.0, "overweight": 1.2, "underweight": -1.2, "undervalued": 1.6,
    "overvalued": -1.6, "overbought": -0.9, "oversold": 0.7, "bubble": -1.6, "overpriced": -1.6,
    "hodl": 1.2, "long": 0.6, "shorting": -1.3, "shorted": -1.2,
    # Results and balance sheets
    "beat": 1.3, "beats": 1.5, "miss": -1.3, "misses": -1.5, "missed": -1.4, "profit": 1.7,
    "profits": 1.7, "profitable": 2.0, "profitability": 1.7, "unprofitable": -2.0,
    "dividend": 0.8, "dividends": 0.8, "buyback": 1.3, "buybacks": 1.3, "accretive": 1.4,
    "dilution": -1.7, "dilutive": -1.7, "writedown": -1.9, "write-down": -1.9, "writeoff": -1.9,
    "write-off": -1.9, "impairment": -1.7, "shortfall": -1.7, "restatement": -1.8,
    "insolvent": -3.0, "insolvency": -3.0, "bankruptcy": -3.2, "chapter11": -3.0,
    "default": -2.2, "defaults": -2.2, "defaulted": -2.6, "delisted": -2.5, "delisting": -2.4,
    "delinquency": -1.9, "deleveraging": 0.5, "overleveraged": -1.9, "layoffs": -1.9,
    "layoff": -1.9, "recession": -2.3, "stagflation": -2.4, "inflationary": -1.3,
    # Conduct
    "fraudulent": -3.2, "lawsuit": -1.7, "lawsuits": -1.7, "subpoena": -1.9, "probe": -1.4,
    "indicted": -2.8, "indictment": -2.7, "ponzi": -3.4, "rugpull": -3.4, "pump-and-dump": -2.9,
    "whistleblower": -1.3, "restructuring": -1.0, "settlement": -0.3,
    # Words that finance uses without a feeling
    "share": 0.0, "shares": 0.0, "sharing": 0.0, "interest": 0.0, "debt": -0.6, "cut": -0.6,
    "cuts": -0.6, "gross": 0.0, "vice": 0.0, "liability": -0.6, "liabilities": -0.6,
    "matter": 0.0, "matters": 0.0, "crude": 0.0, "tax": 0.0, "cost": 0.0, "costs": 0.0,
    "capital": 0.0, "foreign": 0.0, "mature": 0.0, "maturity": 0.0, "security": 0.0,
    "securities": 0.0, "trust": 0.5, "growth": 1.3, "credit": 0.0, "gain": 1.6, "gains": 1.7,
}  # fmt: skip
