"""The company or person that everything else hangs on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from typing_extensions import override

from crm_core.declare import (
    Address,
    Bool,
    Date,
    Decimal,
    DuplicateRule,
    Entry,
    FileRef,
    First,
    GeoPoint,
    Int,
    Lifecycle,
    Link,
    MailRow,
    Meta,
    Money,
    Phone,
    PhoneRow,
    Record,
    Row,
    Text,
    Tree,
    computed,
    maybe,
    needed,
    rows,
)
from crm_core.declare.links import LinkTo
from crm_core.ground.errors import FieldError

if TYPE_CHECKING:
    from crm_core.types.currency import Currency
    from crm_core.types.region import Region


class AddressRow(Row):
    """A place of the customer, and what it is for."""

    kind: Literal["registered", "delivery", "invoice", "site"] = needed("用途", options="注册 收货 开票 现场")
    address: Address = needed("地址")
    point: GeoPoint | None = maybe("坐标")
    default: Bool = maybe("默认", default=False)


class BankRow(Row):
    """A bank account of the customer."""

    bank: Text = needed("银行")
    account: Text = needed("账号")


class Customer(Record):
    """A customer: a company, or with kind `individual` a person."""

    meta = Meta(
        "customer", zh="客户", module="customers", kind="master", number="CUS{seq:06}",
        list=("number", "name", "kind", "status", "level", "region", "owner"),
    )  # fmt: skip

    name: Text = needed("名称")
    short_name: Text | None = maybe("简称")
    kind: Literal["direct", "agent", "distributor", "individual"] = needed(
        "类型", options="直接客户 代理商 经销商 个人"
    )
    status: Literal["prospect", "trading"] = needed("合作状态", options="潜在 成交")
    level: Entry | None = maybe("级别", entries="customer_level")
    industry: Entry | None = maybe("行业", entries="industry")
    size: Entry | None = maybe("规模", entries="company_size")
    region: Link[Region] = needed("区域")
    addresses: list[AddressRow] = rows("地址", most=50)
    phones: list[PhoneRow] = rows("电话", most=50)
    mails: list[MailRow] = rows("邮箱", most=50)
    website: Text | None = maybe("网站")
    tax_no: Text | None = maybe("税号")
    banks: list[BankRow] = rows("银行账户", guarded=True, most=20)
    parent: Link[Customer] | None = maybe("上级客户")
    agent: Link[Customer] | None = maybe("代理商")
    source: Entry | None = maybe("来源", entries="lead_source")
    currency: Link[Currency] | None = maybe("币别")
    payment_terms: Entry | None = maybe("付款条件", entries="payment_terms")
    credit_limit: Money | None = maybe("信用额度", guarded=True)
    contact_days: Int | None = maybe("联系周期", en="Contact every (days)")
    order_days: Int | None = maybe("订货周期", en="Order every (days)")
    next_contact_on: Date | None = maybe("下次联系")
    image: FileRef | None = maybe("图片")
    territory: list[Link[Region]] = rows("授权区域", only_for="kind=agent|distributor")
    agreement_from: Date | None = maybe("协议开始", only_for="kind=agent|distributor")
    agreement_to: Date | None = maybe("协议结束", only_for="kind=agent|distributor")
    discount_pct: Decimal | None = maybe("折扣", only_for="kind=agent|distributor")
    mobile: Phone | None = maybe("手机", only_for="kind=individual")
    sex: Literal["m", "f", "other"] | None = maybe("性别", options="男 女 其他", only_for="kind=individual")
    birthday: Date | None = maybe("生日", only_for="kind=individual")
    id_no: Text | None = maybe("证件号", guarded=True, only_for="kind=individual")
    vip: Bool | None = maybe("贵宾", en="VIP", only_for="kind=individual")
    main_contact: Annotated[str, LinkTo(("contact",))] | None = computed("主联系人")

    tree = Tree("parent")
    derived = (First("main_contact", of="contact", by="customer", where={"main": True, "state": "active"}),)
    lifecycle = Lifecycle("active -> frozen -> active", locked=("frozen",), labels={"active": "正常", "frozen": "冻结"})
    duplicates = (
        DuplicateRule("name", then="warn", alike=True),
        DuplicateRule("tax_no"),
        DuplicateRule("addresses", then="warn"),
        DuplicateRule("mail_domain", then="warn"),
    )

    @override
    def check(self) -> list[FieldError]:
        found = []
        if self.kind == "individual" and not self.mobile:
            found.append(FieldError("mobile", "missing", "a person needs a mobile number"))
        if self.agreement_from and self.agreement_to and self.agreement_from > self.agreement_to:
            found.append(
                FieldError("agreement_to", "order", "the end lies before the beginning", {"rule": "ends-early"})
            )
        if self.agent == self.id:
            found.append(FieldError("agent", "self", "a customer is not its own agent"))
        for name, days in (("contact_days", self.contact_days), ("order_days", self.order_days)):
            found += (
                [FieldError(name, "range", "1 to 3650 days", {"least": 1, "most": 3650})]
                if days is not None and not 1 <= days <= 3650
                else []
            )
        return found
