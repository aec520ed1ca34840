"""期別の項目: the items of 収滞納ファイル that procedures bring; each function bears the name of its item.

`UNSEEN` means that no event of this kind has come, so that the former system's record still speaks.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import schemas
from state.law.jikou import RENEWS, TABLE
from state.law.jikou_count import Jiyuu
from state.law.kagonou import Kagonou
from state.law.rules import rule
from state.law.tokusokujou import WITHDRAWN
from state.receipt.account import ReceiptAccount
from state.receipt.seisan import Seisan
from state.record.known import UNSEEN, YES, Unseen
from state.seiri.values import BunnouKiroku, Kaisuu, KibetsuSeiri, Seiribo

Seiri = KibetsuSeiri | None


def kaisuu_of(seiri: Seiri, name: str) -> Kaisuu | None:
    """回数を引く: the counter of that name, None while nothing has been counted."""
    return next((each for each in seiri.kaisuu if each.name == name), None) if seiri else None


def _counter(name: str) -> Callable[[Seiri], int | Unseen]:
    def counter(seiri: Seiri) -> int | Unseen:
        found = kaisuu_of(seiri, name)
        return found.kaisuu if found else UNSEEN

    return counter


def _last_on(name: str) -> Callable[[Seiri], date | Unseen | None]:
    def day(seiri: Seiri) -> date | Unseen | None:
        found = kaisuu_of(seiri, name)
        return found.last_on if found else UNSEEN

    return day


# 納通・督促の返戻と発送 (89〜94)
noutsuu_henrei_settei_counter = _counter("noutsuu_henrei_settei_counter")
noutsuu_henrei_settei_nengappi = _last_on("noutsuu_henrei_settei_nengappi")
tokusoku_henrei_settei_counter = _counter("tokusoku_henrei_settei_counter")
tokusoku_henrei_settei_nengappi = _last_on("tokusoku_henrei_settei_nengappi")
noutsuu_hassou_nengappi = _last_on("noutsuu_hassou_nengappi")

# 17のカウンタ (111〜127): how often each act was accepted (`counter` of schemas/tetsuzuki.toml)
nouzei_keikaku_counter = _counter("nouzei_keikaku_counter")
shikkou_teishi_counter = _counter("shikkou_teishi_counter")
funou_kesson_counter = _counter("funou_kesson_counter")
sashiosae_counter = _counter("sashiosae_counter")
sanka_sashiosae_counter = _counter("sanka_sashiosae_counter")
koufu_youkyuu_counter = _counter("koufu_youkyuu_counter")
kuriage_choushuu_counter = _counter("kuriage_choushuu_counter")
sonota_shobun_counter = _counter("sonota_shobun_counter")
choushuu_yuuyo_counter = _counter("choushuu_yuuyo_counter")
kanka_yuuyo_counter = _counter("kanka_yuuyo_counter")
tainou_seiri_kumiai_counter = _counter("tainou_seiri_kumiai_counter")
nouzei_shoukei_counter = _counter("nouzei_shoukei_counter")
tokusoku_teishi_counter = _counter("tokusoku_teishi_counter")
saikoku_teishi_counter = _counter("saikoku_teishi_counter")
noutsuu_kouji_counter = _counter("noutsuu_kouji_counter")
tokusoku_kouji_counter = _counter("tokusoku_kouji_counter")
denwa_saikoku_teishi_counter = _counter("denwa_saikoku_teishi_counter")


def seisan_of(account: ReceiptAccount) -> Seisan:
    """精算: of an account that may have none yet."""
    return account.seisan or Seisan()


def has_entaikin(account: ReceiptAccount, seiri: Seiri) -> bool:
    """延滞金が確定したか: once fixed it stays fixed, also at 0 yen."""
    return (seiri is not None and seiri.entaikin_on is not None) or seisan_of(account).fuzui.entaikin > 0


def has_tesuuryou(account: ReceiptAccount, seiri: Seiri) -> bool:
    """督促手数料が定まったか: by the first 督促状, also at 0 yen."""
    has_fee = seisan_of(account).fuzui.tokusoku_tesuuryou > 0
    return (seiri is not None and seiri.tokusoku is not None) or has_fee


def entaikin_choutei_gaku(account: ReceiptAccount, seiri: Seiri) -> int | Unseen:
    """延滞金調定額: what was fixed and not waived (円)."""
    return seisan_of(account).fuzui.entaikin if has_entaikin(account, seiri) else UNSEEN


def entaikin_shuunou_gaku(account: ReceiptAccount, seiri: Seiri) -> int | Unseen:
    """延滞金収納額: of the receipts, what the order of 科目 left for it (円)."""
    return account.wariate.shuunou.entaikin if has_entaikin(account, seiri) else UNSEEN


def tokusokuryou_choutei_gaku(account: ReceiptAccount, seiri: Seiri) -> int | Unseen:
    """督促料調定額: 収滞納's word for 督促手数料 (円)."""
    return seisan_of(account).fuzui.tokusoku_tesuuryou if has_tesuuryou(account, seiri) else UNSEEN


def tokusokuryou_shuunou_gaku(account: ReceiptAccount, seiri: Seiri) -> int | Unseen:
    """督促料収納額: of the receipts, what the order of 科目 left for it (円)."""
    return account.wariate.shuunou.tokusoku_tesuuryou if has_tesuuryou(account, seiri) else UNSEEN


def noukigen(account: ReceiptAccount) -> date:
    """納期限: as the 調定 says, or as 繰上徴収 brought it forward."""
    return account.noukigen


def kuriagemae_noukigen(seiri: Seiri) -> date | Unseen:
    """繰上前納期限: that from which 繰上徴収 brought the 納期限 forward."""
    return (seiri.kuriagemae_noukigen if seiri else None) or UNSEEN


def nouki_henkou_flag(seiri: Seiri) -> str | Unseen:
    """納期変更フラグ: 1 once 繰上徴収 has changed the 納期限."""
    return YES if seiri is not None and seiri.kuriagemae_noukigen is not None else UNSEEN


def funou_kesson_gaku(account: ReceiptAccount, seiri: Seiri) -> int | Unseen:
    """不納欠損額: what is written off of all 科目; 0 once it was taken back (円)."""
    is_seen = (seiri is not None and seiri.kesson is not None) or seisan_of(account).kesson.goukei > 0
    return seisan_of(account).kesson.goukei if is_seen else UNSEEN


def kanpu_kaisuu(seiri: Seiri) -> int | Unseen:
    """還付回数: 還付 that were paid: as counted, else those of the 過誤納金 that is known."""
    counted, kagonou = kaisuu_of(seiri, "kanpu_kaisuu"), _kagonou(seiri)
    if counted is not None:
        return counted.kaisuu
    return sum(step.kind == "KanpuPaid" for step in kagonou.tetsuzuki) if kagonou else UNSEEN


def juutou_kaisuu(seiri: Seiri) -> int | Unseen:
    """充当回数: 期別 and 科目 to which 過誤納 of this 期別 went: as counted, else those that are known."""
    counted, kagonou = kaisuu_of(seiri, "juutou_kaisuu"), _kagonou(seiri)
    if counted is not None:
        return counted.kaisuu
    return len(kagonou.juutou) if kagonou else UNSEEN


def kagonoukin_hassei_jiyuu_code(seiri: Seiri) -> str | Unseen:
    """過誤納金発生事由コード: of the 過誤納金 that arose last."""
    kagonou = _kagonou(seiri)
    return kagonou.jiyuu_code if kagonou else UNSEEN


def _kagonou(seiri: Seiri) -> Kagonou | None:
    return seiri.kagonou if seiri else None


def tokusoku_hakkou_nengappi(seiri: Seiri) -> date | Unseen | None:
    """督促発行年月日: on which the 督促状 was last issued; None once it was withdrawn."""
    notice = seiri.tokusoku if seiri else None
    if notice is not None:
        return None if notice.joutai == WITHDRAWN else notice.hakkou_on
    found = kaisuu_of(seiri, "tokusoku_hakkou_nengappi")
    return found.last_on if found else UNSEEN


def keikaku(account: ReceiptAccount, book: Seiribo | None) -> BunnouKiroku | None:
    """納税計画: the newest 分納 that names this 期別, in whatever state."""
    named = [each for each in (book.bunnou if book else ()) if account.shuunou_key in each.keys]
    newest = [(each.bunnou.keiyaku_on, each.bunnou.updated_on, at) for at, each in enumerate(named)]
    return named[max(newest)[2]] if newest else None


def nouzei_keikaku_taishou_gaku(account: ReceiptAccount, book: Seiribo | None) -> int | Unseen:
    """納税計画対象額: what the plan is to pay, of all 期別 that it names together (円)."""
    plan = keikaku(account, book)
    return plan.bunnou.kingaku if plan else UNSEEN


def nouzei_keikaku_joutai_code(account: ReceiptAccount, book: Seiribo | None) -> str | Unseen:
    """納税計画状態コード: 履行中 "rikou", 完納 "kannou", 不履行 "furikou", 取消し "torikeshi"."""
    plan = keikaku(account, book)
    return plan.bunnou.joutai if plan else UNSEEN


def jikou_chuudan_nengappi(seiri: Seiri) -> date | Unseen | None:
    """時効中断年月日: the day of the last 事由 that renews the time; 差押 and the like at their end, if ended.

    What was annulled renews nothing, nor does a second 督促 where only the first counts.
    """
    if seiri is None or not seiri.jikou:
        return UNSEEN
    return max((each.until or each.on for each in _renewals(seiri.jikou)), default=None)


def _renewals(jiyuu: tuple[Jiyuu, ...]) -> list[Jiyuu]:
    kinds, found, has_tokusoku = schemas.load_toml("law/jikou")["jiyuu"], [], False
    for each in sorted(jiyuu, key=lambda one: (one.on, one.code, one.bangou)):
        kouka = kinds[each.code]["kouka"]
        is_again = kouka == "tokusoku" and has_tokusoku and _counts_once(each.on)
        if kouka in RENEWS and not each.is_torikeshi and not is_again:
            found.append(each)
        has_tokusoku = has_tokusoku or kouka == "tokusoku"
    return found


def _counts_once(on: date) -> bool:
    """Whether only the first 督促 renews; before the first rule as under it."""
    first = min(entry["valid_from"] for entry in schemas.load_toml("law/jikou")["rule"])
    return bool(rule(TABLE, max(on, first))["is_tokusoku_once"])
