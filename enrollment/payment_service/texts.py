"""Every sentence of the payment portal in English and in Spanish (PAY_10). A sentence has both, or is not there.

The English ones are those of the guide where the guide has them. ``{...}`` is filled in by whoever shows it.
"""

from collections.abc import Mapping

LANGUAGES = {"en": "English", "es": "Español"}

BOTH: Mapping[str, tuple[str, str]] = {
    # The frame
    "service_name": ("Payment Portal", "Portal de Pagos"),
    "of_state": ("{carrier} of {state}", "{carrier} de {state}"),
    "skip": ("Skip to main content", "Saltar al contenido principal"),
    "switch": ("Español", "English"),
    "switch_label": ("Ver esta página en español", "See this page in English"),
    "language_assistance": ("Language Assistance", "Asistencia de idiomas"),
    "demo_strip": (
        "Demonstration: no money moves here. Use test numbers only, never a real card or account.",
        "Demostración: aquí no se mueve dinero. Use solo números de prueba, nunca una tarjeta o cuenta verdadera.",
    ),
    "demo_link": ("See the test numbers", "Ver los números de prueba"),
    "help": ("Questions about a payment? Call {phone}.", "¿Preguntas sobre un pago? Llame al {phone}."),
    "terms_of_use": ("Terms of Use", "Términos de uso"),
    "privacy_statement": ("Privacy Statement", "Declaración de privacidad"),
    "new_tab": ("opens in a new tab", "se abre en una pestaña nueva"),
    "required_note": ("* Denotes a required field.", "* Indica un campo obligatorio."),
    "secure_note": (
        "Your card and account numbers are used on this page only. They are not kept, and are not passed on to the "
        "producer or to the portal you came from.",
        "Los números de su tarjeta y de su cuenta se usan solo en esta página. No se guardan ni se comunican al agente "
        "ni al portal del que usted viene.",
    ),
    # Make a Payment
    "make_a_payment": ("Make a Payment", "Hacer un pago"),
    "current_balance": ("Current Balance", "Saldo actual"),
    "enter_payment_information": ("Enter payment information", "Ingrese la información de pago"),
    "intro_first": (
        "To begin your coverage, payment of your first monthly premium is required. Please enter your payment details "
        "below.",
        "Para que comience su cobertura, es necesario pagar su primera prima mensual. Ingrese a continuación los datos "
        "de su pago.",
    ),
    "intro_past_due": (
        "This payment is for the amount that is past due on your policy. Please enter your payment details below.",
        "Este pago corresponde al monto vencido de su póliza. Ingrese a continuación los datos de su pago.",
    ),
    "intro_hold": (
        "Your payment will not process until your application has completed processing.",
        "Su pago no se procesará hasta que haya terminado el trámite de su solicitud.",
    ),
    "payment_amount": ("Payment Amount", "Monto del pago"),
    "balance_and_amount": ("Current Balance: {amount}", "Saldo actual: {amount}"),
    "amount_may_grow": (
        "Amount displayed may be less than required for policy issuance if retroactive effective date.",
        "El monto que se muestra puede ser menor que el necesario para emitir la póliza si la fecha de vigencia es "
        "retroactiva.",
    ),
    "payment_date": ("Payment Date", "Fecha de pago"),
    "date_order": ("month/day/year", "mes/día/año"),
    "due_on": ("Pay by {day} at the latest.", "Pague a más tardar el {day}."),
    "payment_method": ("Payment Method", "Método de pago"),
    "select_payment_method": ("Select payment method", "Seleccione el método de pago"),
    "new_bank_account": ("New Bank Account", "Nueva cuenta bancaria"),
    "new_card": ("New Card", "Nueva tarjeta"),
    "payment_details": ("Payment Details", "Datos del pago"),
    # Card
    "card_details": ("Card details", "Datos de la tarjeta"),
    "cards_taken": (
        "Visa, Mastercard, American Express or Discover.",
        "Visa, Mastercard, American Express o Discover.",
    ),
    "name_on_card": ("Name on Card", "Nombre en la tarjeta"),
    "card_number_label": ("Card Number", "Número de tarjeta"),
    "expires_month": ("Expiration Month", "Mes de vencimiento"),
    "expires_year": ("Expiration Year", "Año de vencimiento"),
    "month": ("Month", "Mes"),
    "year": ("Year", "Año"),
    "security_code_label": ("Security Code (CVV)", "Código de seguridad (CVV)"),
    "security_code_help": (
        "Three digits on the back of the card; four on the front of an American Express card.",
        "Tres dígitos al dorso de la tarjeta; cuatro al frente de una tarjeta American Express.",
    ),
    # Bank account
    "bank_details": ("Bank account details", "Datos de la cuenta bancaria"),
    "account_holder": ("Account Holder Name", "Nombre del titular de la cuenta"),
    "account_type": ("Account Type", "Tipo de cuenta"),
    "checking": ("Checking", "Cuenta corriente"),
    "savings": ("Savings", "Cuenta de ahorros"),
    "routing_label": ("Routing Number", "Número de ruta bancaria"),
    "routing_help": (
        "The nine digits at the bottom left of a check.",
        "Los nueve dígitos en la parte inferior izquierda de un cheque.",
    ),
    "account_label": ("Account Number", "Número de cuenta"),
    "account_again_label": ("Confirm Account Number", "Confirme el número de cuenta"),
    # Autopay
    "autopay": ("Autopay", "Pago automático"),
    "autopay_note": (
        "Autopay is only available with a bank account. You can make this first payment with a card and add a bank account "
        "to set up Autopay.",
        "El pago automático solo está disponible con una cuenta bancaria. Puede hacer este primer pago con una tarjeta y "
        "agregar una cuenta bancaria para establecer el pago automático.",
    ),
    "autopay_box": ("Set up Autopay", "Establecer el pago automático"),
    "autopay_same_account": (
        "Later premiums will be taken from the bank account above.",
        "Las primas siguientes se tomarán de la cuenta bancaria indicada arriba.",
    ),
    "autopay_account": ("Bank account for Autopay", "Cuenta bancaria para el pago automático"),
    "autopay_consent_title": ("Autopay agreement", "Acuerdo de pago automático"),
    "autopay_consent_text": (
        "I authorize {carrier} to withdraw each monthly premium from this bank account when it is due, beginning with the "
        "premium after this payment. The amount may change when my premium changes; I will be told at least 10 days before "
        "a different amount is withdrawn. I can end Autopay at any time, at least 3 business days before the next "
        "withdrawal, by calling {phone} or through my producer. Ending Autopay does not end my coverage, and I still owe my "
        "premiums. If a withdrawal is returned, it may be tried once more.",
        "Autorizo a {carrier} a retirar cada prima mensual de esta cuenta bancaria en la fecha en que se deba pagar, a partir "
        "de la prima siguiente a este pago. El monto puede cambiar cuando cambie mi prima; se me avisará al menos 10 días "
        "antes de retirar un monto distinto. Puedo terminar el pago automático en cualquier momento, al menos 3 días hábiles "
        "antes del siguiente retiro, llamando al {phone} o por medio de mi agente. Terminar el pago automático no termina mi "
        "cobertura, y sigo debiendo mis primas. Si un retiro es devuelto, se puede intentar una vez más.",
    ),
    "autopay_consent_original": ("The agreement in English", "El acuerdo en inglés, que es el que rige"),
    "autopay_consent_box": ("I agree to the Autopay agreement.", "Acepto el acuerdo de pago automático."),
    # Terms, review
    "terms_box_before": ("I understand and accept the", "Entiendo y acepto los"),
    "terms_box_and": ("and", "y la"),
    "review_payment_details": ("Review Payment Details", "Revisar los datos del pago"),
    "cancel": ("Cancel", "Cancelar"),
    "not_yet_paid": (
        "Although the Payment Confirmation Number is available, the payment has not been completed until you have selected "
        "“Submit Payment and Proceed”.",
        "Aunque el número de confirmación del pago ya está disponible, el pago no se completa hasta que usted seleccione "
        "«Enviar el pago y continuar».",
    ),
    "confirmation_number": ("Payment Confirmation Number", "Número de confirmación del pago"),
    "paid_for": ("Payment for", "Pago de"),
    "ending_in": ("{label} ending in {last4}", "{label} terminada en {last4}"),
    "expires_on": ("expires {month}", "vence {month}"),
    "bank_account": ("Bank account", "Cuenta bancaria"),
    "holder": ("Name", "Nombre"),
    "autopay_from": ("Autopay from", "Pago automático desde"),
    "no_autopay": ("Not set up", "No establecido"),
    "agreement_box": (
        "I agree payments may be taken from the payment method listed above. I also agree to receive emails about my "
        "payments.",
        "Acepto que se tomen pagos del método de pago indicado arriba. También acepto recibir correos electrónicos sobre mis "
        "pagos.",
    ),
    "submit_payment": ("Submit Payment and Proceed", "Enviar el pago y continuar"),
    "change_details": ("Change Payment Details", "Cambiar los datos del pago"),
    # Cancel
    "cancel_title": ("Are you sure you want to cancel?", "¿Seguro que desea cancelar?"),
    "cancel_text": ("You will lose any information entered.", "Perderá toda la información ingresada."),
    "cancel_note_first": (
        "This does not cancel the application. You will be billed later.",
        "Esto no cancela la solicitud. Se le enviará una factura más adelante.",
    ),
    "cancel_note_past_due": (
        "This does not change your policy. The amount that is past due remains due.",
        "Esto no cambia su póliza. El monto vencido se sigue debiendo.",
    ),
    "cancel_no": ("No, Don't Cancel", "No, no cancelar"),
    "cancel_yes": ("Yes, Cancel", "Sí, cancelar"),
    # Afterwards
    "go_back": ("Return to Application Details", "Volver a los detalles de la solicitud"),
    "go_back_past_due": ("Return to the producer portal", "Volver al portal del agente"),
    "title_scheduled": ("Your payment is scheduled", "Su pago está programado"),
    "text_scheduled": (
        "Your payment of {amount} has been submitted. It will be taken once the application has completed processing.",
        "Su pago de {amount} fue enviado. Se tomará cuando haya terminado el trámite de la solicitud.",
    ),
    "title_submitted": ("Your payment is being processed", "Su pago se está procesando"),
    "text_submitted": (
        "Your payment of {amount} has been submitted. Please do not pay again: the answer of the bank may take some time.",
        "Su pago de {amount} fue enviado. No vuelva a pagar: la respuesta del banco puede tardar un poco.",
    ),
    "title_settled": ("Your payment was successful", "Su pago se realizó con éxito"),
    "text_settled": ("Your payment of {amount} was made.", "Su pago de {amount} fue realizado."),
    "title_returned": ("Your payment was returned", "Su pago fue devuelto"),
    "text_returned": (
        "The bank sent your payment of {amount} back. The amount is due again.",
        "El banco devolvió su pago de {amount}. El monto se debe nuevamente.",
    ),
    "title_failed": ("Your payment was not made", "Su pago no se realizó"),
    "text_failed": (
        "The payment of {amount} could not be taken. Nothing was charged.",
        "El pago de {amount} no se pudo tomar. No se hizo ningún cargo.",
    ),
    "title_cancelled": ("Your payment was cancelled", "Su pago fue cancelado"),
    "text_cancelled": ("Nothing was charged.", "No se hizo ningún cargo."),
    "title_expired": ("This payment page has expired", "Esta página de pago ha vencido"),
    "text_expired": (
        "Nothing was submitted in time, and nothing was charged. To pay now, go back and begin again.",
        "No se envió nada a tiempo y no se hizo ningún cargo. Para pagar ahora, vuelva atrás y comience de nuevo.",
    ),
    # Refusals beside their fields
    "check_the_form": ("Please correct the following:", "Corrija lo siguiente:"),
    "number_again": (
        "Enter this number again: it is not kept.",
        "Ingrese este número de nuevo: no se guarda.",
    ),
    "choose_method": ("Select a payment method.", "Seleccione un método de pago."),
    "need_name_on_card": ("Enter the name on the card.", "Ingrese el nombre que aparece en la tarjeta."),
    "need_holder": ("Enter the name of the account holder.", "Ingrese el nombre del titular de la cuenta."),
    "need_account_type": ("Choose checking or savings.", "Elija cuenta corriente o cuenta de ahorros."),
    "need_month": ("Choose the month.", "Elija el mes."),
    "need_year": ("Choose the year.", "Elija el año."),
    "name_long": ("Use at most 80 characters.", "Use como máximo 80 caracteres."),
    "name_is_number": (
        "Enter a name here. Numbers belong in the field for them.",
        "Ingrese aquí un nombre. Los números van en el campo correspondiente.",
    ),
    "card_digits": (
        "Enter the card number: 13 to 19 digits.",
        "Ingrese el número de tarjeta: de 13 a 19 dígitos.",
    ),
    "card_brand": (
        "This is not the number of a Visa, Mastercard, American Express or Discover card.",
        "Este no es el número de una tarjeta Visa, Mastercard, American Express o Discover.",
    ),
    "card_length": (
        "This card number has too few or too many digits. Check it.",
        "A este número de tarjeta le faltan o le sobran dígitos. Verifíquelo.",
    ),
    "card_check": (
        "There is a mistake in this card number. Check each digit.",
        "Hay un error en este número de tarjeta. Verifique cada dígito.",
    ),
    "expired": (
        "This card has expired. Use another card, or check the month and the year.",
        "Esta tarjeta ha vencido. Use otra tarjeta o verifique el mes y el año.",
    ),
    "expiry_far": ("Check the year the card expires.", "Verifique el año de vencimiento de la tarjeta."),
    "security_code": ("Enter the security code.", "Ingrese el código de seguridad."),
    "security_code_3": (
        "Enter the three digits on the back of the card.",
        "Ingrese los tres dígitos al dorso de la tarjeta.",
    ),
    "security_code_4": (
        "Enter the four digits on the front of the card.",
        "Ingrese los cuatro dígitos al frente de la tarjeta.",
    ),
    "routing_digits": (
        "Enter the routing number: nine digits.",
        "Ingrese el número de ruta bancaria: nueve dígitos.",
    ),
    "routing_check": (
        "There is a mistake in this routing number. Check each digit.",
        "Hay un error en este número de ruta bancaria. Verifique cada dígito.",
    ),
    "account_digits": (
        "Enter the account number: 4 to 17 digits.",
        "Ingrese el número de cuenta: de 4 a 17 dígitos.",
    ),
    "account_differs": (
        "The two account numbers are not the same. Enter both again.",
        "Los dos números de cuenta no son iguales. Ingrese ambos de nuevo.",
    ),
    "need_autopay_consent": (
        "To set up Autopay, agree to the Autopay agreement.",
        "Para establecer el pago automático, acepte el acuerdo de pago automático.",
    ),
    "need_terms": (
        "Accept the Terms of Use and Privacy Statement to go on.",
        "Acepte los Términos de uso y la Declaración de privacidad para continuar.",
    ),
    "need_agreement": (
        "Agree to the payment to submit it.",
        "Acepte el pago para enviarlo.",
    ),
    "declined": (
        "The card was declined. Nothing was charged. Use another payment method, or ask the bank that issued the card.",
        "La tarjeta fue rechazada. No se hizo ningún cargo. Use otro método de pago o consulte al banco que la emitió.",
    ),
    "lacks_funds": (
        "There is not enough money on this card. Nothing was charged. Use another payment method.",
        "No hay fondos suficientes en esta tarjeta. No se hizo ningún cargo. Use otro método de pago.",
    ),
    # Pages that are not a payment
    "not_open_title": ("This payment page is not open", "Esta página de pago no está abierta"),
    "not_open_text": (
        "The link is incomplete or has expired. Go back to the Application Details in the producer portal and choose Pay "
        "Now again.",
        "El enlace está incompleto o ha vencido. Vuelva a los detalles de la solicitud en el portal del agente y elija «Pay "
        "Now» otra vez.",
    ),
    "nothing_here_title": ("Page not found", "Página no encontrada"),
    "nothing_here_text": (
        "There is no such page. If you were making a payment, go back to the tab you came from.",
        "Esta página no existe. Si estaba haciendo un pago, vuelva a la pestaña de la que vino.",
    ),
    "went_wrong_title": ("Something went wrong", "Algo salió mal"),
    "went_wrong_text": (
        "The page could not be shown. Nothing is charged unless you saw that your payment was submitted. Try again, or call "
        "{phone}.",
        "La página no se pudo mostrar. No se hace ningún cargo a menos que haya visto que su pago fue enviado. Inténtelo de "
        "nuevo o llame al {phone}.",
    ),
    "form_old_title": ("This page was open too long", "Esta página estuvo abierta demasiado tiempo"),
    "form_old_text": (
        "For your protection, nothing was sent. Go back and try again; your browser must accept cookies.",
        "Por su seguridad, no se envió nada. Vuelva atrás e inténtelo de nuevo; su navegador debe aceptar cookies.",
    ),
    "close_tab": ("You can close this tab.", "Puede cerrar esta pestaña."),
    # Test numbers
    "trial_title": ("Test numbers", "Números de prueba"),
    "trial_lead": (
        "This payment portal is simulated. Each number below tells a story; every other valid number is paid. Any security "
        "code and any later expiration will do.",
        "Este portal de pagos es simulado. Cada número de abajo cuenta una historia; cualquier otro número válido se paga. "
        "Sirve cualquier código de seguridad y cualquier vencimiento futuro.",
    ),
    "trial_cards": ("Cards", "Tarjetas"),
    "trial_accounts": ("Bank accounts", "Cuentas bancarias"),
    "trial_routing": ("Routing number for all of them: {routing}", "Número de ruta bancaria para todas: {routing}"),
    "trial_number": ("Number", "Número"),
    "trial_brand": ("Card", "Tarjeta"),
    "trial_story": ("What happens", "Qué sucede"),
    "story_pays": ("It is paid.", "Se paga."),
    "story_declines": ("The card is declined at once.", "La tarjeta se rechaza de inmediato."),
    "story_lacks_funds": (
        "The card is declined at once: not enough money.",
        "La tarjeta se rechaza de inmediato: no hay fondos suficientes.",
    ),
    "story_declines_bank": (
        "The bank refuses the debit after a while: there is no such account.",
        "El banco rechaza el débito después de un rato: la cuenta no existe.",
    ),
    "story_lacks_funds_bank": (
        "The bank refuses the debit after a while: not enough money.",
        "El banco rechaza el débito después de un rato: no hay fondos suficientes.",
    ),
    "story_answers_late": (
        "It is charged, but the answer is late; it is asked for again and is still one charge.",
        "Se hace el cargo, pero la respuesta llega tarde; se vuelve a pedir y sigue siendo un solo cargo.",
    ),
    "story_answers_twice": (
        "It is paid, and everything is told to the portal twice; it still counts once.",
        "Se paga, y todo se comunica dos veces al portal; aun así cuenta una sola vez.",
    ),
    "story_comes_back": (
        "It is paid, and the bank sends it back later.",
        "Se paga, y el banco lo devuelve más tarde.",
    ),
    # Terms of Use, Privacy Statement, Language Assistance
    "terms_1": (
        "This Payment Portal takes premium payments for {carrier}. Use it for a payment of your own, or for a payment that "
        "you have been asked to make for somebody else and are allowed to make.",
        "Este Portal de Pagos recibe pagos de primas para {carrier}. Úselo para un pago suyo, o para un pago que otra persona "
        "le haya pedido hacer y que usted esté autorizado a hacer.",
    ),
    "terms_2": (
        "Use only a card or a bank account that is yours, or that its owner has allowed you to use. A payment by a person or an "
        "organization from which {carrier} does not take premiums may be sent back.",
        "Use solo una tarjeta o una cuenta bancaria que sea suya o cuyo dueño le haya permitido usar. Un pago de una persona u "
        "organización de la que {carrier} no acepta primas puede ser devuelto.",
    ),
    "terms_3": (
        "A payment is submitted when you select “Submit Payment and Proceed”. The first premium is taken once the "
        "application has completed processing. A payment is not coverage: coverage begins on the effective date of the "
        "policy, and only if the first premium has been paid.",
        "Un pago queda enviado cuando usted selecciona «Enviar el pago y continuar». La primera prima se toma cuando ha "
        "terminado el trámite de la solicitud. Un pago no es cobertura: la cobertura comienza en la fecha de vigencia de la "
        "póliza, y solo si se pagó la primera prima.",
    ),
    "terms_4": (
        "If your bank returns a payment, the amount is due again. Questions, or a payment you did not make: call {phone}.",
        "Si su banco devuelve un pago, el monto se debe nuevamente. Para preguntas, o por un pago que usted no hizo, llame al "
        "{phone}.",
    ),
    "privacy_1": (
        "The number of your card or bank account is exchanged for a token at once. The number and the security code are not "
        "kept, not written to any log and not passed on to the producer or to the producer portal.",
        "El número de su tarjeta o cuenta bancaria se cambia de inmediato por un identificador. El número y el código de "
        "seguridad no se guardan, no se escriben en ningún registro y no se comunican al agente ni al portal del agente.",
    ),
    "privacy_2": (
        "What is kept of a payment: the amount, the day, the name of the payer, the kind of card or account, its last four "
        "digits, and the confirmation number. The producer portal is told these, without the payer's name, and whether the "
        "payment was made.",
        "Lo que se guarda de un pago: el monto, el día, el nombre de quien paga, la clase de tarjeta o cuenta, sus cuatro "
        "últimos dígitos y el número de confirmación. Al portal del agente se le comunican estos datos, sin el nombre de "
        "quien paga, y si el pago se realizó.",
    ),
    "privacy_3": (
        "This page uses two cookies that it needs, for your payment and for your protection, and one for the language you "
        "chose. There is no advertising and nobody is followed.",
        "Esta página usa dos cookies necesarias, para su pago y para su seguridad, y una para el idioma que eligió. No hay "
        "publicidad ni se hace seguimiento de nadie.",
    ),
    "assistance_lead": (
        "If you, or someone you are helping, have questions, you have the right to get help and information in your language "
        "at no cost. To talk to an interpreter, call {phone}.",
        "Si usted, o alguien a quien usted está ayudando, tiene preguntas, tiene derecho a obtener ayuda e información en su "
        "idioma sin costo alguno. Para hablar con un intérprete, llame al {phone}.",
    ),
    "go_back_page": ("Back to the previous page", "Volver a la página anterior"),
}

# Carriers in the five states; a state is called the same in both languages but for New Mexico.
STATES = {
    "IL": ("Illinois", "Illinois"),
    "MT": ("Montana", "Montana"),
    "NM": ("New Mexico", "Nuevo México"),
    "OK": ("Oklahoma", "Oklahoma"),
    "TX": ("Texas", "Texas"),
}

# The offer of an interpreter in other languages: code, name in the language, sentence.
INTERPRETER = (
    ("es", "Español", "Tiene derecho a recibir ayuda e información en su idioma sin costo. Llame al {phone}."),
    ("zh-Hant", "繁體中文", "您有權免費以您的語言獲得協助和資訊。請致電 {phone}。"),
    ("vi", "Tiếng Việt", "Quý vị có quyền được trợ giúp và nhận thông tin bằng ngôn ngữ của mình miễn phí. Hãy gọi {phone}."),
    ("ko", "한국어", "귀하는 귀하의 언어로 무료 도움과 정보를 받을 권리가 있습니다. {phone} 번으로 전화하십시오."),
    ("tl", "Tagalog", "May karapatan kang makakuha ng tulong at impormasyon sa iyong wika nang walang bayad. Tumawag sa {phone}."),
    ("pl", "Polski", "Masz prawo do bezpłatnej pomocy i informacji w swoim języku. Zadzwoń pod numer {phone}."),
    ("ru", "Русский", "Вы имеете право бесплатно получить помощь и информацию на своём языке. Позвоните по телефону {phone}."),
    ("ar", "العربية", "لديك الحق في الحصول على المساعدة والمعلومات بلغتك مجانًا. اتصل على الرقم {phone}."),
    ("fr", "Français", "Vous avez le droit d’obtenir gratuitement de l’aide et des informations dans votre langue. Appelez le {phone}."),
    ("de", "Deutsch", "Sie haben das Recht, kostenlos Hilfe und Informationen in Ihrer Sprache zu erhalten. Rufen Sie {phone} an."),
    ("hi", "हिन्दी", "आपको अपनी भाषा में निःशुल्क सहायता और जानकारी पाने का अधिकार है। {phone} पर कॉल करें।"),
    ("it", "Italiano", "Ha il diritto di ottenere gratuitamente aiuto e informazioni nella sua lingua. Chiami il numero {phone}."),
    ("ja", "日本語", "ご希望の言語で無料のサポートと情報を受ける権利があります。{phone} までお電話ください。"),
)  # fmt: skip

# What is paid for comes from the portal in English: "Application A-0638".
_PAID_FOR = (("Application ", "la solicitud "), ("Policy ", "la póliza "))


def paid_for(label: str, language: str) -> str:
    """What is paid for, in the language; a label of an unknown kind as it is."""
    for english, spanish in _PAID_FOR:
        if language == "es" and label.startswith(english):
            return spanish + label.removeprefix(english)
    return label


def texts(language: str) -> dict[str, str]:
    """All sentences in "en" or "es"."""
    place = list(LANGUAGES).index(language)
    return {name: both[place] for name, both in BOTH.items()}


def state_name(us_state: str, language: str) -> str:
    """What the state is called; empty for none of the five."""
    names = STATES.get(us_state)
    return names[list(LANGUAGES).index(language)] if names else ""
