"""Function words per language, by ISO 639-1 code.

Common knowledge of each language, put down by hand: the most frequent articles, pronouns,
prepositions, conjunctions and forms of to be and to have.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_WORDS = {
    "en": "the of and to in is it that for was on are with as his they at be this have from or had "
    "by not but what all were we when your can said there an each which she do how their if "
    "will about out them then would these her has him been who its my than you me our just "
    "because so a i am no any some more only other over such into don't can't didn't it's i'm "
    "that's could should",
    "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch "
    "es "
    "an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen "
    "so zum war haben nur oder aber vor zur bis mehr durch man sein wurde sei ich wir ihr "
    "mich uns kein wenn schon doch sehr was weil dieser diese dieses ja mir dir mein dein "
    "gibt kann muss hier",
    "fr": "a y d le la les de des du un une et est en que qui dans pour pas sur ne se il elle plus "
    "par au aux ce cette ces avec sont son sa ses ont été mais ou où nous vous je tu on leur "
    "était être comme fait bien sans tout tous très même aussi avoir suis c'est j'ai n'est "
    "qu'il d'une mon ma",
    "es": "a o el la los las de y que en un una es por con para no se del al lo como más pero sus "
    "le ya este esta esto está fue ha si porque muy sin sobre también me hasta hay donde "
    "quien desde todo nos durante uno ni contra ese eso mi ser son entre cuando era yo él "
    "ella tú qué soy están",
    "it": "a e o il lo la i gli le di che è un una in per non con si da del della dei delle al "
    "alla "
    "ma come più anche ho ha sono nel nella questo questa se perché mi ci essere stato fatto "
    "sua suo hanno era dal dalla tra molto tutti tutto quello cosa quando io lui lei noi sei "
    "ai sul c'è",
    "pt": "o a os as de e que do da em um uma para com não é no na por mais dos das se como mas "
    "foi "
    "ao ele ela tem à seu sua ou ser quando muito há nos já está eu também só pelo pela até "
    "isso entre era depois sem mesmo aos você são foram meu minha têm nas vai pra uns isto "
    "nem num",
    "nl": "de het een en van ik te dat die in is niet zijn op aan met als voor er maar om hem dan "
    "zou of wat mijn dit zo door over ze zich bij ook tot je mij uit der daar haar naar heb "
    "hoe heeft hebben deze u nog zal me zij nu geen omdat iets worden kan al waren veel meer "
    "wel wij jij hun",
    "sv": "och det att i en jag hon som han på den med var sig för så till är men ett om hade de "
    "av "
    "icke mig du henne då sin nu har inte hans honom skulle hennes där min man ej vid kunde "
    "något från ut när efter upp vi dem vara vad över än kan ni ha mycket också ska bara "
    "eller",
    "da": "og det at en jeg er i på til med for af den ikke de som der vi du et han var har men "
    "hun "
    "sig fra om kan så ud op skal over eller også efter når være blev havde meget mere hvad "
    "mig dig hvor noget alle her nu mod uden jo kun",
    "no": "og det i på er til som en at for av med ikke den har jeg de han om var et men så seg vi "
    "fra kan hun eller ved skal meg deg når også etter være ble hadde mer hva hvor noe bare "
    "dette blir enn vil over opp ut nå",
    "fi": "ja on ei se että en oli hän mutta ovat kun ole niin myös mitä olen tämä sitä hänen minä "
    "voi jos kuin mukaan joka sen vain sekä nyt jo vielä ollut tai kanssa siitä sinä me te he "
    "tässä koko ennen jälkeen minun",
    "pl": "a i o w na z nie się do jest to że jak ale po co tak za od czy już tylko jego przez dla "
    "jej być są był była było ich które który która też może przed bardzo gdy lub oraz ten ta "
    "tego tej mnie ja ty my on ona kiedy nawet ma mam",
    "cs": "a v na je se že to s z do o i k za by ale jako po od který která které jsou byl bylo "
    "byla pro ve jsem není až při jak když tak už také jen mezi než nebo bude jeho její tento "
    "této ze si podle před své",
    "ro": "o și de la în a cu pe nu că din este un care mai pentru sunt se ce dar au fost prin sau "
    "după foarte când lui ei am fi acest această le să îi mi te era cum între doar fără",
    "hu": "a az és hogy nem is egy ez de volt meg csak mint már ha még el van vagy azt én ki "
    "minden "
    "lesz ezt kell azért nagyon mert itt most úgy ezek mi ő őt lehet amely után nincs volna "
    "akkor",
    "tr": "bir ve bu da de için ile çok ne daha gibi kadar var ben o en mi ama değil sonra olarak "
    "olan her şey ya ki biz siz onun nasıl yok diye mı sen benim hiç olduğu göre şu ise veya",
    "id": "yang dan di itu dengan untuk tidak ini dari dalam akan pada juga saya ke karena "
    "tersebut "
    "bisa ada mereka lebih kami telah oleh atau sudah saat kita hanya seperti orang anda "
    "harus dia",
    "vi": "và là của có không được cho một trong các với người này để những đã khi tôi đó từ về "
    "như "
    "ông bà nhưng cũng rất nhiều vào ra phải làm năm còn đến theo thì sẽ bạn mình",
    "ru": "и в не на я быть он с что а по это она этот к но они мы весь который из у то за так от "
    "же бы для как его был было была были если или все уже только ещё еще меня мне тебя вы ты "
    "нет да когда чтобы очень до есть их ее её",
    "uk": "і в не на я бути він з що а по це вона цей до але вони ми весь який із у то за так "
    "від ж "
    "би для як його був було була були якщо або все вже тільки ще мене мені тебе ви ти ні є "
    "та також",
    "bg": "и в не на да се от е за с по че като но ще са това той тя ли до ги или бе във при си "
    "само има го със след който която които през още аз ти ние вие те",
    "ar": "في من على أن إلى عن هذا هذه التي الذي ما لا كان مع كل أو ثم قد هو هي إن لم بعد قبل حتى "
    "بين",
    "fa": "و در به از که این را با است برای آن یک تا می بر هم شود شد خود ما من او های نیز هر باید",
    "ur": "اور کے میں کی ہے سے کا کو پر نے یہ کہ وہ ہیں بھی تھا اس ایک ہو کر نہیں ہم تو جو تھے",
    "hi": "है में के की का से को और पर यह हैं नहीं ने भी एक कि हो था इस कर जो तो ही थे मैं वह",
}

FUNCTION_WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {code: frozenset(words.split()) for code, words in _WORDS.items()}
)

# Letters that few languages use, each with those that do.
LETTERS: Mapping[str, str] = MappingProxyType(
    {
        "ß": "de",
        "ä": "de sv fi",
        "ö": "de sv fi tr hu",
        "ü": "de tr hu",
        "ñ": "es",
        "¿": "es",
        "¡": "es",
        "ã": "pt vi",
        "õ": "pt vi",
        "ç": "fr pt tr",
        "œ": "fr",
        "ê": "fr pt vi",
        "è": "fr it",
        "ù": "fr it",
        "ò": "it",
        "ì": "it",
        "å": "sv da no",
        "ø": "da no",
        "æ": "da no",
        "ł": "pl",
        "ż": "pl",
        "ś": "pl",
        "ą": "pl",
        "ę": "pl",
        "ń": "pl",
        "ć": "pl",
        "ř": "cs",
        "ě": "cs",
        "ů": "cs",
        "č": "cs",
        "ž": "cs",
        "š": "cs",
        "ă": "ro vi",
        "ț": "ro",
        "ș": "ro",
        "î": "fr ro",
        "ő": "hu",
        "ű": "hu",
        "ğ": "tr",
        "ı": "tr",
        "ş": "tr",
        "đ": "vi",
        "ơ": "vi",
        "ư": "vi",
        "ы": "ru",
        "э": "ru",
        "ё": "ru",
        "і": "uk",
        "ї": "uk",
        "є": "uk",
        "ґ": "uk",
        "ъ": "ru bg",
        "پ": "fa ur",
        "چ": "fa ur",
        "ژ": "fa",
        "گ": "fa ur",
        "ٹ": "ur",
        "ڈ": "ur",
        "ے": "ur",
        "ں": "ur",
        "ہ": "ur",
        "ة": "ar",
        "ى": "ar",
        "ي": "ar",
        "ك": "ar",
        "ی": "fa ur",
        "ک": "fa ur",
    }
)
