"""延滞金の根拠: which provisions a calculation applied, each with what went in and what came out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from state.facts import Applied
from state.law.entaikin_bubun import kiso_of
from state.law.entaikin_rules import KAKUJI
from state.law.entaikin_value import Frame, Segment, by_days, parts_of
from state.law.tokurei_ritsu import percent


def applied_of(
    frame: Frame, segments: tuple[Segment, ...], goukei: int, kakutei: int
) -> tuple[Applied, ...]:
    """適用した根拠: in the order of the calculation. Amounts in yen, rates in percent a year."""
    found = [_charge(frame, segments), _kikan(frame)]
    if segments:
        found += [*_bases(frame, segments), *_rates(frame, segments), *_waivers(frame, segments)]
        found += [_days_of_year(frame), _settled(frame, goukei, kakutei)]
    return tuple(found)


def _charge(frame: Frame, segments: tuple[Segment, ...]) -> Applied:
    return Applied(
        frame.zeimoku.entaikin,
        frame.zeimoku.valid_from.isoformat(),
        {
            "zeimoku_code": frame.bill.zeimoku_code,
            "zeigaku": str(frame.bill.zeigaku),
            "noukigen": frame.bill.noukigen.isoformat(),
            "kijunbi": frame.on.isoformat(),
        },
        {"kisanbi": frame.kisanbi.isoformat(), "nissuu": str(sum(one[0].days for one in by_days(segments)))},
    )


def _kikan(frame: Frame) -> Applied:
    return Applied(
        frame.rule.provision.kikan,
        frame.rule.valid_from.isoformat(),
        {"kisanbi": frame.kisanbi.isoformat(), "months": str(frame.zeimoku.months)},
        {"inai_to_on": frame.inai_to_on.isoformat()},
    )


def _bases(frame: Frame, segments: tuple[Segment, ...]) -> Iterator[Applied]:
    """What each amount owed made of the base, each part paid in between, and what 猶予 makes of the base."""
    provision, version = frame.rule.provision, frame.rule.valid_from.isoformat()
    owed: int | None = None
    known: tuple[tuple[str, int, int], ...] = ()
    for parts in by_days(segments):
        segment = parts[0]
        if segment.owed != owed:
            if owed is not None:
                yield Applied(
                    provision.ichibu_noufu,
                    version,
                    {"owed": str(owed), "noufu": str(owed - segment.owed)},
                    {"owed": str(segment.owed), "from_on": segment.from_on.isoformat()},
                )
            owed = segment.owed
            if segment.bubun is None or frame.rule.yuuyo_kiso != KAKUJI:
                yield _base(frame, owed, kiso_of(owed, frame.rule))
        now = parts_of(parts)
        if now != known:
            settings = {"yuuyo_kiso": frame.rule.yuuyo_kiso, "yuuyo_noufu": frame.rule.yuuyo_noufu}
            for kind, bubun, kiso in now:
                yield _base(frame, owed, kiso, {"bubun": str(bubun), "kind": kind, **settings})
        known = now


def _base(frame: Frame, owed: int, kiso: int, more: Mapping[str, str] = MappingProxyType({})) -> Applied:
    tani, saitei = str(frame.rule.kiso_tani), str(frame.rule.kiso_saitei)
    return Applied(
        frame.rule.provision.kiso_hasuu,
        frame.rule.valid_from.isoformat(),
        {"owed": str(owed), "tani": tani, "saitei": saitei, **more},
        {"kiso": str(kiso)},
    )


def _rates(frame: Frame, segments: tuple[Segment, ...]) -> Iterator[Applied]:
    """The rates of each calendar year in which there was a base."""
    for year in sorted({segment.from_on.year for segment in segments if segment.kiso}):
        ritsu = frame.law.ritsu[year]
        yield Applied(
            ritsu.entaikin_provision,
            ritsu.version,
            {"year": str(year), "tokurei_kijun": percent(ritsu.tokurei_kijun)},
            {"inai": percent(ritsu.ichigetsu_inai), "ato": percent(ritsu.ichigetsu_ato)},
        )


def _waivers(frame: Frame, segments: tuple[Segment, ...]) -> Iterator[Applied]:
    """Each segment that a waiver made smaller."""
    for segment in segments:
        if segment.waiver and segment.kiso:
            part = {} if segment.bubun is None else {"bubun": str(segment.bubun)}
            of_the_year = segment.provision == frame.law.ritsu[segment.from_on.year].yuuyo_provision
            yield Applied(
                segment.provision,
                frame.law.ritsu[segment.from_on.year].version
                if of_the_year
                else frame.rule.valid_from.isoformat(),
                {
                    "kind": segment.waiver,
                    "from_on": segment.from_on.isoformat(),
                    "to_on": segment.to_on.isoformat(),
                    "usual": percent(segment.usual),
                    **part,
                },
                {
                    "rate": percent(segment.rate),
                    "share": f"{segment.share_bunshi}/{segment.share_bunbo}",
                },
            )


def _days_of_year(frame: Frame) -> Applied:
    return Applied(
        frame.rule.provision.nen_nissuu,
        frame.rule.valid_from.isoformat(),
        {},
        {"nen_nissuu": str(frame.rule.nen_nissuu)},
    )


def _settled(frame: Frame, goukei: int, kakutei: int) -> Applied:
    return Applied(
        frame.rule.provision.kakutei_hasuu,
        frame.rule.valid_from.isoformat(),
        {
            "goukei": str(goukei),
            "segment_rounding": frame.rule.segment_rounding,
            "tani": str(frame.rule.kakutei_tani),
            "saitei": str(frame.rule.kakutei_saitei),
        },
        {"kakutei": str(kakutei)},
    )
