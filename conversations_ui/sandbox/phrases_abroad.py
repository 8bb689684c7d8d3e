"""What people write in other languages than English, in the form `phrases` describes."""

from __future__ import annotations

from conversations_ui.sandbox.phrases import Dialogue, dialogues

DENTAL: dict[str, tuple[Dialogue, ...]] = {
    "es": dialogues(r"""
< Buenos días, ¿atienden en español?
> Buenos días, {first}. Sí, claro. ¿En qué podemos ayudarle?
< Necesito una limpieza para mí y para mi hijo de ocho años
> Tenemos sitio el {day} a las {time} para los dos.
< ¡Perfecto, muchas gracias! 😊

< Me duele mucho una muela desde anoche, ¿me pueden ver hoy?
> Lo siento mucho, {first}. El doctor puede verle hoy a las {time}. ¿Puede venir?
< Sí, voy para allá
> Traiga por favor su tarjeta del seguro. Nuestra dirección: 1420 N Linden St.

< ¿Cuánto cuesta el blanqueamiento?
> Son {price}, con revisión incluida. Se puede pagar en seis partes sin intereses.
< Gracias, lo hablo con mi esposo y les aviso

* Hola {first}, le recordamos su cita en {business} el {day} a las {time}. Responda C para
  confirmar.
< C
* Gracias, {first}. Su cita está confirmada.
"""),
    "he": dialogues(r"""
< שלום, אפשר לקבוע תור ליום {day}?
> שלום {first}, כן. יש מקום בשעה {time} אצל Dr Nair. מתאים?
< מתאים מאוד, תודה! 🙏
> נרשם. הכתובת: 1420 N Linden St, קומה 2. הטלפון שלנו {phone}.

< היי, קיבלתי חשבון על {price} אבל הביטוח (Delta PPO) אמור לכסות את זה, לא?
> בודקת עכשיו, רגע אחד.
> צודק, {first}. החשבון בוטל, והביטוח משלם את הכול.
< מעולה, תודה רבה על המהירות
"""),
    "ar": dialogues(r"""
< مرحباً، والدتي تريد موعداً أيضاً، هل يوجد وقت يوم {day} صباحاً؟ رقمها {phone}
> أهلاً {first}، نعم، الساعة {time} متاحة. هل يناسبكم ذلك؟
< نعم، شكراً جزيلاً 🌷
> على الرحب والسعة. العنوان: 1420 N Linden St. الموقف خلف المبنى.

< السلام عليكم، كم سعر تبييض الأسنان؟
> وعليكم السلام. السعر {price} ويشمل الفحص.
< هل يمكن الدفع على دفعات؟ قرأت ذلك في https://northside-dental.example/plans
> نعم، حتى ست دفعات بدون فوائد.
"""),
    "zh": dialogues(r"""
< 你好，请问可以预约洗牙吗？最好是{day}下午
> {first}您好，{day} {time} 有空位，可以吗？
< 可以的，谢谢！
> 已经帮您预约好了。请带上保险卡，地址是 1420 N Linden St。

< 我牙龈这两天有点出血，需要马上来看吗？
> 如果没有发烧和剧烈疼痛，不用着急。{doctor} {day} {time} 可以帮您检查。
< 好的，那就这个时间
"""),
    "vi": dialogues(r"""
< Chào phòng khám, tôi muốn đặt lịch khám răng cho con gái vào {day}
> Chào {first}, {day} lúc {time} còn trống. Có được không ạ?
< Dạ được, cảm ơn nhiều! Cháu hơi sợ nha sĩ, mong bác sĩ nhẹ nhàng 😊
> Anh/chị yên tâm, {doctor} rất kiên nhẫn với trẻ em.

< Cho tôi hỏi trám răng giá bao nhiêu?
> Khoảng {price}, tùy theo răng. Bảo hiểm thường trả 80 %.
< Vâng, để tôi hỏi lại bảo hiểm
"""),
}

BIKE: dict[str, tuple[Dialogue, ...]] = {
    "de": dialogues(r"""
< Grüezi, mein E-Bike zeigt Fehler 504. Kann ich vorbeikommen?
> Grüezi {first}, ja gern. {day} um {time} hat Reto Zeit, das dauert etwa 20 Minuten.
< Super, bis dann!
> Bitte den Schlüssel für den Akku mitbringen.

< Ist mein Velo fertig?
> Fast. Die Bremsbeläge kommen morgen früh, ab {time} kannst du es abholen.
< Alles klar, danke 👍

< Was kostet der grosse Service?
> CHF 189 plus Material. Darin: Kette, Bremsen, Schaltung, Räder zentrieren, Reinigung.
< Und habt ihr ein Ersatzvelo?
> Ja, gratis, solange es geht. Soll ich dich für {day} eintragen?
< Ja bitte, {time} wäre ideal

> Hallo {first}, hier {staff} von {business}. Beim Zerlegen haben wir gesehen, dass das
  Tretlager durch ist. Ersatz: CHF 74. Sollen wir?
< Hmm, muss das sein?
> Für die nächsten 200 km nicht, aber über den Winter würde ich es nicht lassen.
< Ok macht es. Danke fürs Fragen!

< Habt ihr am 1. August offen?
> Nein, da ist Nationalfeiertag. Am 2. wieder ab 9 Uhr.

* Hallo {first}, dein Velo ist fertig. Abholung bis 18:30, am Samstag bis 16:00. {business}
< Komme um 17:45
< Hat jemand meine Handschuhe gefunden? Schwarz, Grösse L, Fahrradhandschuhgelenkschutzpolster
> Ja, liegen an der Kasse 🧤

< Die Donaudampfschifffahrtsgesellschaftskapitänsmütze ist übrigens wieder aufgetaucht 😂
> Wir hatten uns schon Sorgen gemacht
"""),
    "fr": dialogues(r"""
< Bonjour, est-ce que vous réparez les roues voilées ?
> Bonjour {first}, oui. Comptez CHF 25 par roue, prêt le soir même si vous passez avant {time}.
< Parfait, je passe {day}.

< Je cherche un vélo cargo d'occasion, vous en avez ?
> Il nous en reste un, un modèle 2023 avec 3'100 km, à CHF 3'450.
< Vous pourriez m'envoyer une photo ?
> Bien sûr, je vous l'envoie à {mail} cet après-midi.
< Merci beaucoup !

< Ma commande n'est toujours pas arrivée… ça fait trois semaines
> Je suis désolée, {first}. Le fournisseur annonce {day}. Je vous prête un vélo en attendant ?
< Volontiers, c'est très gentil
"""),
    "ja": dialogues(r"""
< こんにちは。{day}にレンタサイクルを2台借りられますか？
> {first}様、こんにちは。はい、{time}からご用意できます。身分証明書をお持ちください。
< ありがとうございます！子ども用シートもお願いできますか？
> はい、無料でお付けします。お待ちしております。

< ブレーキの音がとても大きいのですが、見てもらえますか。
> もちろんです。{day}の{time}はいかがでしょうか。
< 大丈夫です。よろしくお願いします🙇
"""),
    "he": DENTAL["he"][:1],
    "es": dialogues(r"""
< Hola, ¿tenéis cámaras de 29 pulgadas?
> Hola {first}, sí, a CHF 9. Abrimos hasta las 18:30.
< Genial, me paso luego
"""),
}

DAYS: dict[str, tuple[str, ...]] = {
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes"),
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"),
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"),
    "he": ("ראשון", "שני", "שלישי", "רביעי"),
    "ar": ("الأحد", "الاثنين", "الثلاثاء", "السبت"),
    "ja": ("月曜日", "火曜日", "水曜日", "土曜日"),
    "zh": ("星期一", "星期二", "星期四", "星期五"),
    "vi": ("thứ hai", "thứ ba", "thứ năm", "thứ bảy"),
}

REMINDERS: dict[str, tuple[str, ...]] = {
    "es": (
        "Hola {first}, le recordamos su cita en {business} el {day} a las {time}.",
        "{business}: gracias por su visita. ¿Qué tal le fue? https://go.example/r/{code}",
    ),
    "de": (
        "Hallo {first}, dein Velo ist fertig. Abholung bis 18:30. {business}",
        "Zufrieden mit dem Service, {first}? Wir freuen uns: https://go.example/r/{code}",
        "Dein Abholcode ist {code}.",
    ),
    "fr": (
        "Bonjour {first}, votre vélo est prêt. À bientôt chez {business} !",
        "Rappel : rendez-vous {day} à {time} chez {business}.",
    ),
    "he": ("שלום {first}, תזכורת: תור ב-{business} ביום {day} בשעה {time}.",),
    "ar": ("مرحباً {first}، نذكّركم بموعدكم في {business} يوم {day} الساعة {time}.",),
    "ja": ("{first}様、ご予約は{day} {time}です。{business}",),
    "zh": ("{first}您好，提醒您{day} {time}在 {business} 有预约。",),
    "vi": ("Chào {first}, nhắc lịch hẹn tại {business} vào {day} lúc {time}.",),
}
CAMPAIGNS: dict[str, tuple[str, ...]] = {
    "de": (
        "Wintercheck bei {business}: CHF 79 statt 110, nur diesen Monat.",
        "Neu im Laden: Cargovelos zum Probefahren. Samstag, 10 bis 16 Uhr.",
    ),
    "fr": ("Contrôle d'hiver chez {business} : CHF 79 au lieu de 110 ce mois-ci.",),
    "es": ("Use sus beneficios del seguro antes del 31 de diciembre: https://go.example/w",),
}
