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
    """One paragraph in both languages; ``heading`` is empty for most. ``applies`` says when it stands.

    ``strong`` is a wording that the law prescribes: a Spanish proposal carries the English beside it.
    """

    text: str
    applies: Callable[[Proposed], bool]
    source: str
    spanish: str
    heading: str = ""
    spanish_heading: str = ""
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """``translation``: what a Spanish proposal says of itself, at its end."""

    name: str
    in_force_from: date
    sentences: tuple[Sentence, ...]
    translation: str


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
                spanish="Usted tiene la opción de elegir este plan de seguro médico «Consumer Choice of Benefits» que, en su "
                "totalidad o en parte, no ofrece los beneficios de salud exigidos por el estado que normalmente se "
                "requieren en las pólizas de seguro de accidentes y enfermedad en Texas. Este plan estándar de "
                "beneficios de salud puede ofrecerle una póliza de seguro médico más económica, aunque, al mismo "
                "tiempo, puede ofrecerle menos beneficios de salud que los que normalmente se incluyen como "
                "beneficios exigidos por el estado en las pólizas en Texas. Si elige este plan estándar de beneficios "
                "de salud, consulte con su agente de seguros para saber qué beneficios exigidos por el estado quedan "
                "excluidos de esta póliza.",
                spanish_heading="Planes «Consumer Choice of Benefits» (marcados en la tabla)",
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
                spanish="Usted tiene la opción de elegir este plan de atención médica «Consumer Choice of Benefits» de una "
                "organización para el mantenimiento de la salud (HMO) que, en su totalidad o en parte, no ofrece los "
                "beneficios de salud exigidos por el estado que normalmente se requieren en las constancias de "
                "cobertura en Texas. Este plan estándar de beneficios de salud puede ofrecerle un plan de salud más "
                "económico, aunque, al mismo tiempo, puede ofrecerle menos beneficios que los que normalmente se "
                "incluyen como beneficios exigidos por el estado en Texas. Si elige este plan estándar de beneficios "
                "de salud, consulte con su agente de seguros para saber qué beneficios exigidos por el estado quedan "
                "excluidos de esta constancia de cobertura.",
                spanish_heading="Planes HMO «Consumer Choice of Benefits» (marcados en la tabla)",
                heading="Consumer Choice of Benefits HMO plans (marked in the table)",
                strong=True,
            ),
            Sentence(
                "This proposal is not an offer of coverage, not an application and not a contract. Coverage begins only "
                "after an application was accepted and the first premium was paid.",
                _always,
                "ours; 45 CFR 155.400(e) on the first payment",
                spanish="Esta propuesta no es una oferta de cobertura, ni una solicitud, ni un contrato. La cobertura "
                "comienza solo después de que se haya aceptado una solicitud y se haya pagado la primera prima.",
            ),
            Sentence(
                "Premiums are the monthly rates filed with the state for the plan, the county, the ages on the effective "
                "date and tobacco use. They apply to the effective date and the people shown; a change of either may change "
                "them. If a rate shown here differs from the filed rate, the filed rate applies.",
                _always,
                "45 CFR 147.102",
                spanish="Las primas son las tarifas mensuales presentadas ante el estado para el plan, el condado, las edades "
                "en la fecha de vigencia y el consumo de tabaco. Corresponden a la fecha de vigencia y a las "
                "personas indicadas; si cambia alguna de ellas, las primas pueden cambiar. Si una tarifa indicada "
                "aquí difiere de la tarifa presentada, rige la tarifa presentada.",
            ),
            Sentence(
                "Whether and from when you can enroll depends on your eligibility, on where you live, and on the enrollment "
                "period.",
                lambda proposed: proposed.open_enrollment,
                "45 CFR 147.104(b), 155.410",
                spanish="Si usted puede inscribirse, y desde cuándo, depende de su elegibilidad, del lugar donde vive y del "
                "período de inscripción.",
            ),
            Sentence(
                "Outside of open enrollment you can enroll only after a qualifying life event, within the time that the law "
                "allows. You may be asked for proof of the event.",
                lambda proposed: not proposed.open_enrollment,
                "45 CFR 147.104(b)(2), 155.420",
                spanish="Fuera de la inscripción abierta, usted puede inscribirse solo después de un evento de vida "
                "calificado, dentro del plazo que permite la ley. Es posible que se le pida un comprobante del "
                "evento.",
            ),
            Sentence(
                "Premiums of on-exchange plans are shown without any premium tax credit or cost-sharing reduction. Whether "
                "you qualify for either is decided by the exchange; your own share may be lower.",
                lambda proposed: proposed.on_exchange,
                "26 CFR 1.36B-3; 45 CFR 155.305(f), (g)",
                spanish="Las primas de los planes del mercado de seguros se indican sin crédito fiscal para la prima y sin "
                "reducción de costos compartidos. El mercado de seguros decide si usted tiene derecho a ellos; lo que "
                "usted pague puede ser menos.",
            ),
            Sentence(
                "Off-exchange plans cannot be combined with a premium tax credit or cost-sharing reductions.",
                lambda proposed: proposed.off_exchange,
                "26 CFR 1.36B-1(a), 1.36B-2(a): coverage enrolled in through an exchange",
                spanish="Los planes fuera del mercado de seguros no se pueden combinar con un crédito fiscal para la prima ni "
                "con reducciones de costos compartidos.",
            ),
            Sentence(
                "The premium includes an additional amount for tobacco use of at least one person. It does not apply when "
                "tobacco was not used within the past six months four or more times a week on average, religious or "
                "ceremonial use aside.",
                lambda proposed: proposed.has_tobacco,
                "45 CFR 147.102(a)(1)(iv)",
                spanish="La prima incluye un monto adicional por el consumo de tabaco de al menos una persona. No se aplica "
                "si en los últimos seis meses no se consumió tabaco cuatro o más veces por semana en promedio, sin "
                "contar el uso religioso o ceremonial.",
            ),
            Sentence(
                "Deductibles, maximums and copayments are a summary and are for care within the plan's network. The policy "
                "and its Summary of Benefits and Coverage say what is covered, what is limited and what is excluded.",
                lambda proposed: proposed.medical,
                "45 CFR 147.200",
                spanish="Los deducibles, máximos y copagos son un resumen y se refieren a la atención dentro de la red del "
                "plan. La póliza y su Resumen de beneficios y cobertura indican qué está cubierto, qué está limitado "
                "y qué está excluido.",
            ),
            Sentence(
                "Dental plans have limits, waiting periods and exclusions of their own; the dental policy says which.",
                lambda proposed: proposed.dental,
                "ours",
                spanish="Los planes dentales tienen sus propios límites, períodos de espera y exclusiones; la póliza dental "
                "los indica.",
            ),
            Sentence(
                "This proposal was prepared by the producer named in it, who may be paid a commission by {carrier}.",
                _always,
                "PHS Act 2746: compensation of producers is disclosed",
                spanish="Esta propuesta fue preparada por el agente que en ella se nombra, a quien {carrier} puede pagar una "
                "comisión.",
            ),
        ),
        translation="Esta propuesta es una traducción para su comodidad. Los nombres de los planes no se traducen; las pólizas y "
        "sus documentos están en inglés, y en caso de duda rige el texto en inglés.",
    ),
)


def version_for(day: date) -> Version:
    """The version in force on ``day``."""
    return max((one for one in VERSIONS if one.in_force_from <= day), key=lambda one: one.in_force_from)


def sentences_for(version: Version, proposed: Proposed) -> list[Sentence]:
    """The paragraphs of the version that stand for what is proposed, in their order."""
    return [sentence for sentence in version.sentences if sentence.applies(proposed)]
