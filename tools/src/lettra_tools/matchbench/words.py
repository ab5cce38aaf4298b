"""The words of names and texts. All names are invented: syllables that are nobody's, behind the words of a trade."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


BEGINNINGS = _words(
    "Bar Bel Bran Cav Cler Cor Dal Dor Dres Ehr Es Fal Fen Fro Gar Gol Grau Hau Hel Ibr Jal Jor Kar Kol "
    "Lan Lem Lod Mag Mer Mon Nal Nor Obr Or Pal Per Plo Quer Rav Rem Ros Sal Ser Sol Tal Ter Tor Ul Val Ver "
    "Vor Wel Yv Zan"
)
MIDDLES = _words(
    "a ba bri co da de do fa ga gue i ja ka lo ma mi na no o pe pi qua ra ri ro sa se so ta te vi vo za zé"
)
ENDINGS = _words(
    "bault beck bert court dane dier fort gnac gny lard let lin lon mann mart mont nard neau nic quet rand rel ret "
    "rini rossa sac sen ssier stein tal tier tino vard vel vert ville vin zac zola"
)

# {root}: the invented name.
NAMES = {
    "FR": (
        "SARL Menuiserie {root}",
        "Établissements {root} & Fils",
        "Société Nouvelle de Transports {root}",
        "{root} Distribution SAS",
        "Boulangerie {root} EURL",
        "Ateliers {root} S.A.",
        "Compagnie Générale {root} SA",
        "Garage {root} SARL",
        "{root} Matériaux SAS",
        "Pharmacie {root} SELARL",
        "Société Civile Immobilière {root}",
        "Coopérative Agricole de {root}",
        "Commune de {root}",
        "Centre Hospitalier de {root}",
        "Imprimerie {root} et Cie",
        "{root} Ingénierie SAS",
        "Les Vergers de {root} SCEA",
        "Électricité {root} SARL",
        "Hôtel {root} SAS",
        "{root} Informatique SASU",
        "GIE {root} Achats",
        "Association {root} Santé",
    ),
    "GB": (
        "{root} Trading Limited",
        "{root} & Sons Ltd",
        "The {root} Company plc",
        "{root} Engineering LLP",
        "{root} Foods Ltd",
        "{root} Property Services Limited",
    ),
    "DE": (
        "{root} Maschinenbau GmbH & Co. KG",
        "Gebrüder {root} GmbH",
        "Bäckerei {root} e.K.",
        "{root} Großhandel AG",
        "Stadtwerke {root} GmbH",
        "{root} Möbelhaus OHG",
    ),
    "IT": (
        "Fratelli {root} S.r.l.",
        "{root} Costruzioni S.p.A.",
        "Caseificio {root} S.n.c.",
        "Officine {root} Srl",
    ),
    "ES": (
        "Hermanos {root} S.L.",
        "Construcciones {root} S.A.",
        "Bodegas {root} S.L.U.",
        "Talleres {root} S.C.",
    ),
    "BE": ("{root} Bouw BV", "Brasserie {root} SRL", "{root} Logistics NV"),
}
PERSONS = (
    "M. Paul {root}",
    "Mme Jeanne {root}",
    "M. et Mme {root}",
    "Mlle Odile {root}",
    "Dr Anselme {root}",
)
BRANCHES = ("Nord", "Sud", "Ouest", "Est", "Holding", "Services", "Atlantique", "Rhône")
LANGUAGES = {"FR": "fr", "GB": "en", "DE": "de", "IT": "it", "ES": "es", "BE": "fr"}
COUNTRIES = (("FR", 64), ("GB", 9), ("DE", 10), ("BE", 6), ("IT", 6), ("ES", 5))

LEGAL_FORMS = _words(
    "SARL SAS SASU SA S.A. EURL SELARL SCEA SCI GIE LTD LIMITED PLC LLP GMBH KG CO. AG OHG E.K. SRL S.R.L. "
    "S.P.A. S.N.C. S.L. S.L.U. S.C. BV NV"
)
ABBREVIATIONS = {
    "Établissements": "ETS",
    "Société": "STE",
    "Compagnie": "CIE",
    "Générale": "GLE",
    "Transports": "TRSP",
    "Coopérative": "COOP",
    "Association": "ASSOC",
    "Centre": "CTRE",
    "Hospitalier": "HOSP",
    "Imprimerie": "IMP",
    "Construcciones": "CONSTR.",
    "Maschinenbau": "MASCH.BAU",
    "Gebrüder": "GEBR.",
    "Engineering": "ENG",
    "Company": "CO",
    "Limited": "LTD",
    "Fratelli": "F.LLI",
    "Hermanos": "HNOS",
    "Immobilière": "IMMO",
    "Matériaux": "MATX",
    "Nouvelle": "NVELLE",
    "Informatique": "INFO",
    "Services": "SCES",
}
MONTHS = {
    "fr": _words("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
    "en": _words("January February March April May June July August September October November December"),
    "de": _words("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
    "it": _words(
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"
    ),
    "es": _words("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
}

# {n}: the numbers; {date}: a day; {order}: an order's number of the payer's own.
PHRASES = {
    "fr": (
        "{n}",
        "Facture {n}",
        "FACT {n}",
        "Règlement facture {n}",
        "Rglt fact. {n} du {date}",
        "V/FACT {n}",
        "Votre facture n° {n}",
        "Paiement {n} merci",
        "virement {n}",
        "REF {n}",
        "Fournisseur {order} - {n}",
        "n/réf {order} v/réf {n}",
        "PAIEMENT FOURNISSEUR {n} ECH {date}",
        "BC {order} / {n}",
        "{n} cde {order}",
        "Regl. fre {n} mandat {order}",
    ),
    "en": (
        "{n}",
        "Invoice {n}",
        "INV {n}",
        "Payment of invoice {n} dated {date}",
        "your ref {n}",
        "PO {order} inv {n}",
        "Supplier payment {n}",
        "Remittance {order} {n}",
    ),
    "de": (
        "{n}",
        "Rechnung {n}",
        "RG-NR. {n} vom {date}",
        "Re.Nr. {n} / Best. {order}",
        "Rechnungsnummer: {n}",
        "Zahlung {n} KdNr {order}",
        "Überweisung {n}",
    ),
    "it": (
        "{n}",
        "Fattura n. {n} del {date}",
        "Saldo fatt. {n}",
        "PAGAMENTO FT {n}",
        "Ordine {order} ft. {n}",
    ),
    "es": ("{n}", "Factura {n}", "Pago factura {n} de {date}", "Fra. {n}", "Pedido {order} fra {n}"),
}
SILENT = {
    "fr": (
        "",
        "NOTPROVIDED",
        "VIREMENT",
        "REGLEMENT",
        "Facture",
        "Paiement fournisseur",
        "VIR SEPA",
        "merci",
        "/",
    ),
    "en": ("", "NOTPROVIDED", "PAYMENT", "Thank you", "invoice", "FASTER PAYMENT", "-"),
    "de": ("", "NOTPROVIDED", "Überweisung", "Rechnung", "siehe Avis", "DANKE"),
    "it": ("", "NOTPROVIDED", "bonifico", "saldo fattura", "PAGAMENTO"),
    "es": ("", "NOTPROVIDED", "transferencia", "pago factura", "TRANSF."),
}
