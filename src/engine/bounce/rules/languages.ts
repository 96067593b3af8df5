/** What is said of recipients in languages other than English; Japanese has a list of its own. */

import { any, rule } from '../rule.ts'

const MORE = { source: 'guess' } as const

/** Before rules that may take parts of these words for something else. */
export const LANGUAGES = [
  rule(
    'mailbox-full/languages',
    any(
      /(?:buz[oó]n|casilla|cuenta|bandeja).{0,40}(?:llen[oa]|excedid|sin espacio|super[oó])/,
      /(?:caixa|conta|correio).{0,40}(?:chei[oa]|lotad|excedid|sem espa)/,
      /(?:casella|quota|spazio).{0,40}(?:piena|superat|esaurit)/,
      /(?:bo[iî]te|messagerie|compte|espace).{0,40}(?:plein|satur|d[eé]pass|insuffisant)/,
      /(?:postfach|mailbox|speicher\w{0,10}|quota).{0,40}(?:ist voll|(?:ü|ue?)berf(?:ü|ue?)llt|(?:ü|ue?)berschritten|ersch(?:ö|oe?)pft)/,
      /(?:mailbox|postvak|postbus).{0,40}(?:\bvol\b|overschreden)/,
      /(?:skrzynk|konto).{0,40}(?:pe[lł]n|przepe[lł]n|przekrocz)/,
      /(?:schr[aá]nk).{0,40}(?:pln|p[rř]epln|p[rř]ekro[cč])/,
      /(?:brevl[aå]da|postl[aå]da|postkasse|postboks|inboks|innboks)\w{0,3}.{0,30}(?:full|fuld|fyldt)/,
      /postilaatikko.{0,30}t[aä]ynn/,
      /(?:fi[oó]k|postal[aá]d).{0,30}megtelt/,
      /posta kutusu.{0,30}dolu|kota.{0,20}a[sş]/,
      /(?:ящик|скриньк).{0,40}(?:полон|заполн|переповн)/,
      /(?:邮箱|郵箱|信箱|邮件箱).{0,20}(?:满|滿|超出|超过|容量)|(?:空间|容量).{0,4}(?:满|不足)/,
      /(?:메일함|사서함|용량|할당량).{0,20}(?:초과|가득|부족)/,
    ),
    [
      '552 El buzón del destinatario está lleno',
      '552 A caixa postal do destinatário está cheia',
      '552 La boîte du destinataire est pleine',
      'Benutzer hat das Speichervolumen ueberschritten',
      '552 Skrzynka odbiorcy jest pełna',
      '552 Почтовый ящик получателя заполнен',
      '552 收件人邮箱已满',
      '550 收件人空间不足',
      '552 수신자 메일함 용량 초과',
    ],
    MORE,
  ),
  rule(
    'inactive/languages',
    any(
      /falta de uso|per inutilizzo/,
      /(?:casilla|cuenta|buz[oó]n|usuario|conta|caixa|casella|utente|compte|bo[iî]te|messagerie)\b.{0,40}(?:expirad|inactiv|inativ|inatt?iv|deshabilitad|desactivad|desativad|disabilitat|disattivat|d[eé]sactiv)/,
      /(?:postfach|konto|benutzer|adresse).{0,40}(?:deaktiviert|inaktiv|nicht (?:mehr )?aktiv)/,
      /(?:konto|skrzynk|u[zż]ytkownik).{0,40}(?:nieaktywn|wy[lł][aą]czon)/,
      /(?:ящик|аккаунт|пользовател).{0,40}(?:отключ[её]н|неактив|деактив)/,
      /(?:邮箱|用户|帐户|账户|帳號|账号).{0,12}(?:停用|禁用|未激活|失效)/,
      /휴면/,
    ),
    [
      'Esta casilla ha expirado por falta de uso.',
      '550 Das Postfach ist deaktiviert',
      "550 Questo indirizzo e' bloccato per inutilizzo",
      '550 Ящик отключен',
      '550 用户已被禁用',
    ],
    MORE,
  ),
  rule(
    'suspended/languages',
    any(
      /(?:cuenta|buz[oó]n|usuario|conta|caixa|casella|utente|compte|bo[iî]te)\b.{0,40}(?:suspendid|suspens|bloquead|sospes|bloccat|suspendu|bloqu[eé])/,
      /(?:postfach|konto|benutzer).{0,40}gesperrt/,
      /(?:konto|skrzynk).{0,40}(?:zablokowan|zawieszon)/,
      /(?:ящик|аккаунт|пользовател).{0,40}заблокирован/,
      /(?:邮箱|用户|帐户|账户|账号).{0,12}(?:冻结|锁定)/,
    ),
    ['550 La cuenta está suspendida', '550 Das Postfach ist gesperrt', '550 Аккаунт заблокирован'],
    MORE,
  ),
  rule(
    'user-unknown/languages',
    any(
      /(?:usuario|destinatario|direcci[oó]n|cuenta|buz[oó]n|casilla|usu[aá]rio|destinat[aá]rio|endere[cç]o|conta|caixa|utente|indirizzo|casella)\b.{0,60}(?:no existe|inexist|inesist|n[aã]o existe|non esiste|desconocid|desconhecid|sconosciut|no (?:fue |se )?encontr|n[aã]o (?:foi )?encontr|non trovat|no es v[aá]lid|inv[aá]lid)/,
      /(?:destinataire|utilisateur|adresse|compte|bo[iî]te)\b.{0,60}(?:inexist|inconnu|introuvable|n'existe|invalide)/,
      /(?:empf[aä]nger|benutzer|postfach|adresse|mailbox|konto)\w{0,8}\b.{0,60}(?:unbekannt|existiert nicht|nicht (?:gefunden|bekannt|vorhanden)|nicht mehr (?:verf(?:ue|ü)gbar|g(?:ue|ü)ltig|vergeben)|ung[uü]ltig)/,
      /(?:gebruiker|geadresseerde|ontvanger|e-?mailadres|mailbox).{0,40}(?:onbekend|bestaat niet|niet gevonden)/,
      /(?:u[zż]ytkownik|adres|odbiorc|konto|skrzynk).{0,40}(?:nieznan|nie istniej|nie znalez)/,
      /(?:u[zž]ivatel|adres|schr[aá]nk|p[rř][ií]jemc).{0,40}(?:nezn[aá]m|neexist|nenalez)/,
      /(?:anv[aä]ndare|mottagare|adress|bruger|modtager|bruker|mottaker)\w{0,4}.{0,40}(?:ok[aä]nd|finns inte|ukendt|findes ikke|ukjent|finnes ikke)/,
      /(?:k[aä]ytt[aä]j[aä]|vastaanottaja|osoite).{0,40}(?:tuntematon|ei (?:ole|l[oö]y))/,
      /(?:kullan[iı]c[iı]|al[iı]c[iı]|adres).{0,40}(?:bulunamad|yok|bilinmiyor|ge[cç]ersiz)/,
      /(?:пользовател|адрес|получател|ящик|абонент).{0,40}(?:не найден|не существует|неизвест|отсутствует)/,
      /(?:用户|收件人|邮箱|地址|使用者|帳號|账号).{0,12}(?:不存在|未找到|无效|無效|未知)/,
      /(?:사용자|수신자|계정|메일 ?주소).{0,20}(?:없|존재하지|알 수)/,
    ),
    [
      '550 El destinatario no existe en este servidor',
      '550 Usuário desconhecido',
      "550 L'adresse du destinataire est introuvable",
      '550 Empfänger unbekannt',
      'Diese Adresse ist nicht mehr verfuegbar.',
      '550 Gebruiker onbekend',
      '550 Mottagaren finns inte',
      '550 Абонент не найден',
      '550 收件人地址不存在',
      '550 사용자가 존재하지 않습니다',
    ],
    MORE,
  ),
]
