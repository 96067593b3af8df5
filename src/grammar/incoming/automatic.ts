/** By which words and fields mail that no person wrote is known: from mail systems, absent people, other machines. */

import { value, words } from './entity.ts'
import type { Fields } from './entity.ts'

/** Names by which mail systems send what they have to say. */
const SYSTEM =
  /mailer[-_ ]?daemon|mail[-_. ]?deliver(?:y|er)?|post[-_ ]?master|mdaemon@|\bmail administrator|returned mail|system administrator|^<>$|^\s*$|mail[-_ ]?(?:system|service|server|router|gateway)|bounce[-_. ]?(?:handler|notif)|delivery[-_ ](?:subsystem|system|status|failure|notification)|interscan|mailmarshal|errors?@|\blotus|no-?reply@[^>]{1,60}dion\.ne\.jp|mailer@/i

export function isFromSystem(fields: Fields): boolean {
  const from = words(fields, 'from')
  const returnPath = value(fields, 'return-path').trim()
  return SYSTEM.test(from) || /^<\s*>$/.test(returnPath) || /mailer-daemon/i.test(returnPath)
}

const FAILED = new RegExp(
  [
    'undeliver(?:able|ed)',
    'unzustellbar',
    'nicht zugestellt',
    'non[- ](?:deliver|remis|recapit)',
    'not (?:be )?deliver(?:ed|able)',
    'did not reach (?:the|its|this|these)',
    'nicht erreicht|nicht ausgeliefert|konnte nicht .{0,20}(?:zustell|geliefert)',
    'n.est pas parvenu|n.a pas (?:pu|atteint|[ée]t[ée] (?:remis|distribu|d[ée]livr))',
    'no lleg[óo] a|no ha llegado|n[ãa]o (?:chegou|alcan[çc]ou)|non [èe] stato (?:recapitato|consegnato)',
    '到達できません|到達しません|配信できなかった|配送でき|配達でき',
    "(?:could|can|was|were) ?(?:n't|not) (?:be )?(?:deliver|sent)",
    'deliver[a-z]* (?:has )?(?:problem|fail|error|impossible|unsuccess|not possible)',
    'deliver[a-z]* (?:status )?(?:notification|report)',
    '(?:fail|error)[a-z]* (?:in |of |during )?(?:mail |message )?deliver',
    'fail(?:ed|ure) (?:mail|notice|to send|to deliver|notification)',
    'failure notice',
    'return(?:ed|ing)?(?: to sender| mail| message| email|: )',
    'mail (?:system )?(?:delivery )?(?:error|fail|problem|status)',
    'message (?:status|delivery|undeliver|could not|not delivered|rejected|bounced)',
    'processing error',
    'rejected (?:mail|message|posting)',
    'automatically rejected',
    "(?:un|not |wasn't )able to deliver",
    'not a valid (?:user|address|recipient|mailbox)|no such (?:user|address)|does(?:n.t| not) exist',
    '无法发送|无法送达|传输失败|发送失败|投递失败',
    'user unknown|unknown user|no such user|not listed in',
    '^bounce|\\bbounced? (?:mail|message|email)',
    'mailbox (?:is )?(?:full|unavailable)',
    'message you sent (?:was )?blocked|not been delivered|error (?:delivering|while attempting to deliver)',
    'loop alert|not member article',
    'over quota',
    'notification d.{1,12}tat de remise|[ée]chec (?:de|d.)|remise (?:impossible|[ée]chou[ée]e)|non remis|message non (?:distribu|d[ée]livr)',
    'no se (?:puede|pudo|ha podido) entregar|error (?:de|en la) entrega|devuelto|no entregado',
    'n[ãa]o (?:foi )?(?:poss[ií]vel )?entreg|falha (?:na|de) entrega|devolvid',
    'mancata consegna|impossibile (?:recapitare|consegnare)|non recapitabile',
    'onbestelbaar|niet (?:worden )?(?:bezorgd|afgeleverd)',
    'olevererbart|kunde inte levereras|kan ikke leveres|ikke leveret',
    'niedostarczon|nie (?:mog|zosta)[łl]',
    'не (?:доставлен|может быть доставлен)|недоставлен|возвра[тщ]',
    '退信|投递失败|無法(?:傳|投)遞|无法投递|系统退信|未传递',
    '配信(?:でき|不能|エラー|失敗|不可)|送信(?:でき|エラー|失敗|不能)|(?:届|と?ど)け?(?:られ|き)?(?:ません|なかった)|エラー通知|メールエラー|不達|返送|戻りました|宛先不明|未配信',
    'メール配信|受信者に配信|配達(?:不能|状況)',
  ].join('|'),
  'iu',
)

/** Of a subject, or of the first words of a notice. */
export function tellsFailure(text: string): boolean {
  return FAILED.test(text)
}

const DELAYED = new RegExp(
  [
    'delayed (?:mail|message|24|for)|delivery (?:status notification )?\\(?delay|\\(delay\\)',
    'delayed\\b.{0,40}(?:delivery|mail|message)',
    'still being retried',
    'warning: (?:could not send|message|mail).{0,60}(?:hour|delayed|days)',
    'warning: message .{1,60} delayed',
    'this is a warning (?:message )?only',
    'has not yet been delivered',
    'not yet been delivered',
    'delivery (?:is|has been) delayed|delivery incomplete',
    'delivery attempts will continue',
    'will (?:continue to )?(?:be retried|try|keep trying|retry)',
    'temporary (?:problem|fail).{0,80}will',
    'verz(?:ö|oe)gert|verz(?:ö|oe)gerung',
    'retard(?:[ée])? (?:de|dans)|remise retard',
    'задерж',
    '配信遅延|遅延|遅れて(?:い|お)',
  ].join('|'),
  'iu',
)

export function tellsDelay(text: string): boolean {
  return DELAYED.test(text)
}

/** What a subject begins with that an absent person's mail program wrote. */
const ABSENT = new RegExp(
  `^\\s*(?:(?:re|aw|fwd?|sv|antw|r)\\s*:\\s*){0,3}[\\[(<*]{0,2}\\s*(?:${[
    'auto(?:matic|mated|matisch[a-z]*)?[- ]?(?:re(?:ply|sponse|spond|ponse)|answer|antwort|reactie|responder|acknowledg)',
    'autoreply|autoresponse|autoresponder|auto:|automatic response',
    'out[- ]of[- ](?:the[- ])?office|ooo\\b|out of (?:my )?office',
    "(?:i am |i'm )?(?:away|on vacation|on holiday|on leave)|vacation|away from (?:my|the)|holiday (?:message|notice)",
    'abwesenheit|automatische (?:antwort|r[üu]ckantwort)|autom\\. antwort|nicht im (?:b[üu]ro|haus)|urlaub',
    'r[ée]ponse automatique|absen(?:t|ce)|message d.absence|cong[ée]s',
    'respuesta autom[aá]tica|fuera de (?:la )?oficina|ausente|auto-?respuesta',
    'resposta autom[aá]tica|fora do escrit[oó]rio|aus[eê]ncia',
    'risposta automatica|fuori (?:sede|ufficio)|assenza',
    'automatisch antwoord|afwezig(?:heid)?|niet aanwezig',
    'autosvar|fr[åa]nvaro|frav[æa]r|automatisk svar|automaattinen|poissaolo',
    'automatyczna odpowied|nieobecno|poza biurem',
    'автоответ|автоматический ответ|отсутств',
    'automatick[aá] odpov|otomatik yan[ıi]t|automatikus v[aá]lasz',
    '自動(?:返信|応答|送信)|不在|休暇|休業|お休み|外出中|退職(?:の|いたし|しま)|(?:夏季|年末年始)',
    '自动(?:回复|回覆|答复)|自動回覆|外出',
    '자동\\s?(?:회신|응답)|부재중',
    'thank you for (?:your|contacting|you) (?:e-?mail|message|mail|us)|(?:we have )?received your (?:e-?mail|message|request)',
  ].join('|')})`,
  'iu',
)

/** Anywhere in the subject. */
const ABSENT_WITHIN =
  /\((?:automatic response|auto[- ]?reply|out of office)\)|\bis out of (?:the )?office|\bout of (?:the )?office\b|（(?:自動返信|自動応答)）|【(?:自動返信|自動応答|自動送信|不在)[^】]{0,20}】/iu

/** Fields that only automatic answers have. RFC 3834 §5 */
export function isAutomaticReply(fields: Fields): boolean {
  const submitted = value(fields, 'auto-submitted').toLowerCase()
  if (submitted.startsWith('auto-replied') || submitted.startsWith('auto-notified')) return true
  if (
    ['x-autoreply', 'x-autorespond', 'x-autoresponder', 'x-auto-reply', 'x-mdaemon-autoresponder'].some(
      (name) => isYes(value(fields, name)),
    )
  )
    return true
  if (
    /auto[-_]?reply/i.test(value(fields, 'precedence')) ||
    fields.has('x-vacation') ||
    /^1|true/i.test(value(fields, 'x-autogenerated'))
  )
    return true
  if (/vacation|auto-?responder|autoreply/i.test(value(fields, 'x-mailer'))) return true
  const subject = words(fields, 'subject')
  return ABSENT.test(subject) || ABSENT_WITHIN.test(subject)
}

function isYes(text: string): boolean {
  return text !== '' && !/^(?:no|false|none|0)\b/i.test(text.trim())
}

/** Asks the sender to prove to be a person, or to ask to be let in. */
export function isChallenge(fields: Fields, text: string): boolean {
  const from = value(fields, 'from')
  return (
    /@(?:[\w-]+\.)?(?:boxbe|spamarrest|sendio|mailblocks|choicemail|bluebottle)\./i.test(from) ||
    /(?:confirm|verify) (?:that )?you(?:r message| are (?:a (?:real )?(?:person|human)|not a (?:spammer|robot)))|click the link (?:below|above) to (?:be added|have your|release|deliver)|apologi[sz]e for this automatic|(?:senders|people) I (?:have )?(?:approved|know)|(?:this|a) one[- ]time (?:confirmation|verification)|challenge[- ]response|message has been waitlisted/i.test(
      text.slice(0, 4000),
    )
  )
}

/** An empty message with one word in its subject, as mail programs make of `List-Unsubscribe: <mailto:…>`. RFC 2369 §3.2 */
export function isUnsubscribe(fields: Fields, text: string): boolean {
  const subject = words(fields, 'subject').trim()
  return (
    /^(?:unsubscribe|remove|opt[- ]?out|list-unsubscribe|配信停止|配信解除|購読解除|退会)(?:[ :：].{0,100})?$/iu.test(
      subject,
    ) && text.trim().length < 600
  )
}
