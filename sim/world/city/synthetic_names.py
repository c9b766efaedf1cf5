"""Names of the synthetic city: plausible, bilingual, of no real place."""

from __future__ import annotations

CITY = "Linhe 临河"

DISTRICTS = (
    ("gulou", "Gulou 鼓楼"),
    ("dongpo", "Dongpo 东坡"),
    ("beishan", "Beishan 北山"),
    ("xihu", "Xihu 西湖"),
    ("nanwan", "Nanwan 南湾"),
)
"""Identifier and name: the middle, then the parts to the east, north, west and south."""

OUTER_RING = "Outer Ring 外环路"
INNER_RING = "Inner Ring 内环路"

AVENUES_NORTH_SOUTH = {
    5: "Yuhe Avenue 玉河大街",
    10: "Xinhua Avenue 新华大街",
    14: "Zhongzhou Avenue 中轴大街",
    19: "Guangming Avenue 光明大街",
    24: "Chaoyin Avenue 潮音大街",
}
AVENUES_EAST_WEST = {
    5: "Nanyuan Road 南苑路",
    10: "Yunhe Road 运河路",
    14: "Jianguo Road 建设路",
    19: "Heping Road 和平路",
    24: "Beiyuan Road 北苑路",
}
"""Names of the arterials by number of their line."""

RADIALS = {
    (-1, -1): "Southwest Radial 西南放射路",
    (-1, 1): "Northwest Radial 西北放射路",
    (1, -1): "Southeast Radial 东南放射路",
    (1, 1): "Northeast Radial 东北放射路",
}

_ROOTS = (
    ("Huaishu", "槐树"),
    ("Liuyin", "柳荫"),
    ("Songhe", "松鹤"),
    ("Meiyuan", "梅园"),
    ("Zhulin", "竹林"),
    ("Juhua", "菊花"),
    ("Lanting", "兰亭"),
    ("Xinghua", "杏花"),
    ("Taoyuan", "桃园"),
    ("Shiliu", "石榴"),
    ("Yinxing", "银杏"),
    ("Haitang", "海棠"),
    ("Furong", "芙蓉"),
    ("Qinglian", "青莲"),
    ("Guihua", "桂花"),
    ("Ziteng", "紫藤"),
    ("Baihe", "百合"),
    ("Mudan", "牡丹"),
    ("Hongye", "红叶"),
    ("Cuiwei", "翠微"),
    ("Yulan", "玉兰"),
    ("Dingxiang", "丁香"),
    ("Wutong", "梧桐"),
    ("Baiyang", "白杨"),
    ("Qiushui", "秋水"),
    ("Chunxiao", "春晓"),
    ("Mingyue", "明月"),
    ("Qingfeng", "清风"),
    ("Ruixue", "瑞雪"),
    ("Fengnian", "丰年"),
)


def street(line: int, *, north_south: bool) -> str:
    """Return the name of a lesser street by the number of its line."""
    roman, chinese = _ROOTS[line % len(_ROOTS)]
    return f"{roman} Street {chinese}街" if north_south else f"{roman} Lane {chinese}巷"
