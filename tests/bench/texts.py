"""Mails as customers write them, in Chinese and English, the same each time: names, subjects, texts of a few lines."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import accumulate


def _list(words: str) -> list[str]:
    return words.split()


_ENGLISH = _list(
    "pump valve sensor invoice delivery shipment warranty calibration pressure leak manual engineer visit quote order "
    "replacement screen cable battery error restart software update license contract payment refund discount schedule "
    "maintenance inspection certificate customs packaging damage noise vibration temperature display keyboard adapter "
    "please thanks since yesterday still again morning after before urgent waiting reply number attached photo report"
)
_CHINESE = _list(
    "水泵 阀门 传感器 发票 发货 保修 校准 压力 漏水 说明书 工程师 上门 报价 订单 更换 屏幕 电缆 电池 报错 重启 软件 升级 "
    "许可证 合同 付款 退款 折扣 安排 维护 检查 证书 报关 包装 损坏 噪音 振动 温度 显示器 键盘 适配器 请尽快 谢谢 昨天开始 "
    "仍然 上午 之后 紧急 等待 回复 号码 附件 照片 报告 客户 现场 设备 故障 型号 库存 采购 仓库 物流 签收"
)
_SYLLABLES = _list("ba den fo gri ha kel lo mir na pon ra sel tu ver wi zan co dal mo ter ul")
_GIVEN = _list(
    "Anna Ben Chen Dora Erik Fang Gao Hana Ivan Jun Kate Liu Mei Nora Otto Ping Qin Rosa Sun Tao Uwe Vera Xu"
)
_FAMILY = _list("Li Wang Zhang Smith Miller Zhao Huang Brown Weber Lin Rossi Novak Sato Kim Berg Moreau Silva Costa")
_RARE = 3000
_ASKED = 600
"""Questions are about the commoner words: the rest stands in hardly any message."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one message says."""

    subject: str
    text: str


class Words:
    """A vocabulary as a language has it: few words are common, most are rare (Zipf's law)."""

    def __init__(self, common: list[str], parts: list[str], length: int) -> None:
        chance = random.Random(11)
        made = {"".join(chance.choices(parts, k=length)) for _ in range(_RARE)}
        self.words = [*common, *sorted(made - set(common))]
        self._weights = list(accumulate(1 / (rank + 3) for rank in range(len(self.words))))

    def pick(self, chance: random.Random, count: int) -> list[str]:
        """Words, common ones more often."""
        return chance.choices(self.words, cum_weights=self._weights, k=count)


ENGLISH = Words(_ENGLISH, _SYLLABLES, 3)
CHINESE = Words(_CHINESE, sorted(set("".join(_CHINESE))), 2)


class Writer:
    """Writes. The same seed writes the same."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def piece(self) -> Piece:
        """One message, every other one Chinese: some lines, with an order number that few others have."""
        number = self._number()
        if self._chance.random() < 0.5:
            head = " ".join(ENGLISH.pick(self._chance, 5))
            lines = [" ".join(ENGLISH.pick(self._chance, 12)) + "." for _ in range(3)]
            return Piece(f"{head} {number}", "\n".join([*lines, f"Our order is {number}."]))
        head = "".join(CHINESE.pick(self._chance, 4))
        lines = ["".join(CHINESE.pick(self._chance, 14)) + "。" for _ in range(3)]
        return Piece(f"{head} {number}", "\n".join([*lines, f"订单号 {number}。"]))

    def english_question(self) -> str:
        """What somebody might search for: one or two words, or now and then an order number."""
        if self._chance.random() < 0.15:
            return self._number()
        return " ".join(self._asked(ENGLISH))

    def chinese_question(self) -> str:
        """One or two words; written together, as one does."""
        return "".join(self._asked(CHINESE))

    def _asked(self, words: Words) -> list[str]:
        return self._chance.sample(words.words[:_ASKED], k=self._chance.choice((1, 1, 2)))

    def _number(self) -> str:
        return f"AB{self._chance.randrange(10**6)}"


def customer_name(number: int) -> str:
    """The name of a customer."""
    return f"{_GIVEN[number % len(_GIVEN)]} {_FAMILY[number // len(_GIVEN) % len(_FAMILY)]}"


def customer_address(number: int) -> str:
    """The mail address of a customer."""
    return f"{customer_name(number).lower().replace(' ', '.')}.{number}@example.com"
