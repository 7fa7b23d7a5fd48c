"""What a proposal must say besides the prices, in versions (QUO_08). Pure: no clock, no database.

A version that was sent to anybody is never changed: a new wording is a new version with its first day. Which version a
proposal carries is kept with it. ``{carrier}`` is the carrier's name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

HMO = "HMO"


@dataclass(frozen=True, slots=True)
class Proposed:
    """What decides which sentences stand: the kinds of the plans proposed."""

    on_exchange: bool
    off_exchange: bool
    medical: bool
    dental: bool
    consumer_choice_networks: frozenset[str]
    open_enrollment: bool
    has_tobacco: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    """One paragraph; ``heading`` is empty for most. ``applies`` says when it stands."""

    text: str
    applies: Callable[[Proposed], bool]
    source: str
    heading: str = ""
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    name: str
    in_force_from: date
    sentences: tuple[Sentence, ...]


def _always(_proposed: Proposed) -> bool:
    return True


VERSIONS = (
    Version(
        "1",
        date(2014, 1, 1),
        (
            Sentence(
                "You have the option to choose this Consumer Choice of Benefits Health Insurance Plan that, either in whole "
                "or in part, does not provide state-mandated health benefits normally required in accident and sickness "
                "insurance policies in Texas. This standard health benefit plan may provide a more affordable health "
                "insurance policy for you, although, at the same time, it may provide you with fewer health benefits than "
                "those normally included as state-mandated health benefits in policies in Texas. If you choose this standard "
                "health benefit plan, please consult with your insurance agent to discover which state-mandated health "
                "benefits are excluded in this policy.",
                lambda proposed: bool(proposed.consumer_choice_networks - {HMO}),
                "Tex. Ins. Code 1507.005(a)",
                heading="Consumer Choice of Benefits plans (marked in the table)",
                strong=True,
            ),
            Sentence(
                "You have the option to choose this Consumer Choice of Benefits Health Maintenance Organization health care "
                "plan that, either in whole or in part, does not provide state-mandated health benefits normally required in "
                "evidences of coverage in Texas. This standard health benefit plan may provide a more affordable health plan "
                "for you, although, at the same time, it may provide you with fewer health plan benefits than those normally "
                "included as state-mandated health benefits in Texas. If you choose this standard health benefit plan, "
                "please consult with your insurance agent to discover which state-mandated health benefits are excluded in "
                "this evidence of coverage.",
                lambda proposed: HMO in proposed.consumer_choice_networks,
                "Tex. Ins. Code 1507.055(a)",
                heading="Consumer Choice of Benefits HMO plans (marked in the table)",
                strong=True,
            ),
            Sentence(
                "This proposal is not an offer of coverage, not an application and not a contract. Coverage begins only "
                "after an application was accepted and the first premium was paid.",
                _always,
                "ours; 45 CFR 155.400(e) on the first payment",
            ),
            Sentence(
                "Premiums are the monthly rates filed with the state for the plan, the county, the ages on the effective "
                "date and tobacco use. They apply to the effective date and the people shown; a change of either may change "
                "them. If a rate shown here differs from the filed rate, the filed rate applies.",
                _always,
                "45 CFR 147.102",
            ),
            Sentence(
                "Whether and from when you can enroll depends on your eligibility, on where you live, and on the enrollment "
                "period.",
                lambda proposed: proposed.open_enrollment,
                "45 CFR 147.104(b), 155.410",
            ),
            Sentence(
                "Outside of open enrollment you can enroll only after a qualifying life event, within the time that the law "
                "allows. You may be asked for proof of the event.",
                lambda proposed: not proposed.open_enrollment,
                "45 CFR 147.104(b)(2), 155.420",
            ),
            Sentence(
                "Premiums of on-exchange plans are shown without any premium tax credit or cost-sharing reduction. Whether "
                "you qualify for either is decided by the exchange; your own share may be lower.",
                lambda proposed: proposed.on_exchange,
                "26 CFR 1.36B-3; 45 CFR 155.305(f), (g)",
            ),
            Sentence(
                "Off-exchange plans cannot be combined with a premium tax credit or cost-sharing reductions.",
                lambda proposed: proposed.off_exchange,
                "26 CFR 1.36B-1(a), 1.36B-2(a): coverage enrolled in through an exchange",
            ),
            Sentence(
                "The premium includes an additional amount for tobacco use of at least one person. It does not apply when "
                "tobacco was not used within the past six months four or more times a week on average, religious or "
                "ceremonial use aside.",
                lambda proposed: proposed.has_tobacco,
                "45 CFR 147.102(a)(1)(iv)",
            ),
            Sentence(
                "Deductibles, maximums and copayments are a summary and are for care within the plan's network. The policy "
                "and its Summary of Benefits and Coverage say what is covered, what is limited and what is excluded.",
                lambda proposed: proposed.medical,
                "45 CFR 147.200",
            ),
            Sentence(
                "Dental plans have limits, waiting periods and exclusions of their own; the dental policy says which.",
                lambda proposed: proposed.dental,
                "ours",
            ),
            Sentence(
                "This proposal was prepared by the producer named in it, who may be paid a commission by {carrier}.",
                _always,
                "PHS Act 2746: compensation of producers is disclosed",
            ),
        ),
    ),
)


def version_for(day: date) -> Version:
    """The version in force on ``day``."""
    return max((one for one in VERSIONS if one.in_force_from <= day), key=lambda one: one.in_force_from)


def sentences_for(version: Version, proposed: Proposed) -> list[Sentence]:
    """The paragraphs of the version that stand for what is proposed, in their order."""
    return [sentence for sentence in version.sentences if sentence.applies(proposed)]
