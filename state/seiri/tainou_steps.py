"""滞納整理の手続: 猶予, 執行停止, 不納欠損, 分納, 納税承継 and 時効 together, in the order in which a day means something.

時効 comes last: it looks at what the others left.
"""

from __future__ import annotations

from state.seiri import (
    bunnou_steps,
    bunnou_uketori,
    jikou_steps,
    kesson_steps,
    shikkou_steps,
    shoukei_steps,
    yuuyo_steps,
)

HANDLERS = {
    **yuuyo_steps.HANDLERS,
    **shikkou_steps.HANDLERS,
    **kesson_steps.HANDLERS,
    **bunnou_steps.HANDLERS,
    **shoukei_steps.HANDLERS,
    **jikou_steps.HANDLERS,
}
REACHES = (yuuyo_steps.reach, shikkou_steps.reach, bunnou_uketori.reach, jikou_steps.reach)
FOLLOWS = (shikkou_steps.follow, bunnou_uketori.follow, jikou_steps.follow)
