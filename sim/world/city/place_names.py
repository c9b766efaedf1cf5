"""Names for what a synthetic Chinese city holds: plausible, bilingual, of no one place."""

from __future__ import annotations

_FIRST = (
    ("An", "安"), ("Bai", "柏"), ("Chun", "春"), ("De", "德"), ("Fu", "福"), ("Guang", "广"),
    ("He", "和"), ("Hua", "华"), ("Jian", "建"), ("Jin", "金"), ("Kang", "康"), ("Li", "丽"),
    ("Long", "龙"), ("Ming", "明"), ("Ping", "平"), ("Qing", "清"), ("Rong", "荣"), ("Shun", "顺"),
    ("Tai", "泰"), ("Wen", "文"), ("Xin", "新"), ("Yong", "永"), ("Yu", "玉"), ("Zhong", "忠"),
)  # fmt: skip
_SECOND = (
    ("an", "安"), ("cheng", "成"), ("de", "德"), ("feng", "丰"), ("guang", "光"), ("hai", "海"),
    ("he", "河"), ("hua", "华"), ("ji", "吉"), ("jing", "景"), ("kang", "康"), ("lai", "来"),
    ("lin", "林"), ("men", "门"), ("ning", "宁"), ("qiao", "桥"), ("quan", "泉"), ("shan", "山"),
    ("sheng", "盛"), ("tai", "泰"), ("wang", "旺"), ("xing", "兴"), ("yuan", "园"),
    ("zhuang", "庄"),
)  # fmt: skip
_STEP = 89
"""Coprime to the 576 pairs, so that neighbours sound unlike."""

NAMES = len(_FIRST) * len(_SECOND)
"""Names that are told apart before they begin again."""


def place_name(number: int) -> tuple[str, str]:
    """Return a name in both scripts."""
    number = number * _STEP % NAMES
    first, second = _FIRST[number // len(_SECOND)], _SECOND[number % len(_SECOND)]
    return first[0] + second[0], first[1] + second[1]


def street_name(number: int, *, town: bool) -> str:
    """Return the name of a street (街道) or town (镇)."""
    latin, chinese = place_name(number)
    return f"{latin} Town {chinese}镇" if town else f"{latin} Subdistrict {chinese}街道"


def community_name(number: int, *, village: bool) -> str:
    """Return the name of a community (社区) or village (村), numbered where names run out."""
    latin, chinese = place_name(number)
    again = number // NAMES
    ordinal = str(again + 1) if again else ""
    latin = f"{latin} {ordinal}".rstrip()
    kind = ("Village", "村") if village else ("Community", "社区")
    return f"{latin} {kind[0]} {chinese}{ordinal}{kind[1]}"
