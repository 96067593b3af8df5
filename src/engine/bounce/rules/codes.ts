/** Receivers that say why with a code of their own, and publish what each code means. */

import { any, rule } from '../rule.ts'

const FACEBOOK = 'https://www.facebook.com/postmaster/response_codes'
const I_UA = 'https://mail.i.ua/err/1'
const COX = 'https://www.cox.com/residential/support/email-error-codes.html'
const SPECTRUM = 'https://www.spectrum.net/support/internet/understanding-email-error-codes'
const AOL = 'https://postmaster.aol.com/error-codes'

export const CODES = [
  rule(
    'reverse-dns/aol-no-name',
    /\brtr:rd\b/,
    ['554 (RTR:RD) http://postmaster.info.aol.com/errors/554rtrrd.html'],
    { source: AOL },
  ),
  rule(
    'reputation/aol-codes',
    /(?:^|[ (])(?:rtr|rly|con):\w{2,3}\b/,
    [
      '554- (RTR:BL) 554 Connecting IP: 192.0.2.1',
      '421 CON:B1 http://postmaster.info.aol.com/errors/421conb1.html',
    ],
    {
      source: AOL,
    },
  ),
  rule(
    'rate/aol-codes',
    /\(dyn:\w{2,3}\)/,
    ['421 4.7.1 : (DYN:T1) https://postmaster.aol.com/error-codes#421dynt1'],
    { source: AOL },
  ),
  rule(
    'spam/aol-codes',
    /\(hvu:\w{2,3}\)/,
    ['554 (HVU:B1) https://postmaster.aol.com/error-codes#554hvub1'],
    {
      source: AOL,
    },
  ),
  rule(
    'reverse-dns/aol-codes',
    /\(dns:\w{2,3}\)/,
    ['421 (DNS:NR) https://postmaster.aol.com/error-codes#421dnsnr'],
    { source: AOL },
  ),
  rule(
    'filtered/facebook',
    any(
      /\brcp-p[23]\b/,
      /refused due to recipient preferences/,
      /based on the email preferences of the person/,
    ),
    [
      '550 5.1.1 RCP-P2 Refused due to recipient preferences',
      '550 5.1.1 RCP-P3 see http://postmaster.facebook.com',
    ],
    { source: FACEBOOK },
  ),
  rule(
    'user-unknown/facebook',
    /\b(?:rcp-p1|int-p[134])\b/,
    ['550 5.1.1 RCP-P1 http://postmaster.facebook.com/response_codes'],
    { source: FACEBOOK },
  ),
  rule('inactive/facebook', /\brcp-t4\b/, ['450 4.2.0 RCP-T4 see http://postmaster.facebook.com'], {
    source: FACEBOOK,
  }),
  rule('system-error/facebook', /\brcp-t1\b/, ['450 4.3.0 RCP-T1 see http://postmaster.facebook.com'], {
    source: FACEBOOK,
  }),
  rule('virus/facebook', /\bpol-p5\b/, ['554 5.7.1 POL-P5 see http://postmaster.facebook.com'], {
    source: FACEBOOK,
  }),
  rule('spam/facebook', /\bpol-p6\b/, ['554 5.7.1 POL-P6 see http://postmaster.facebook.com'], {
    source: FACEBOOK,
  }),
  rule('authentication/facebook', /\bpol-p7\b/, ['550 5.7.1 POL-P7 Message refused'], { source: FACEBOOK }),
  rule(
    'reputation/facebook',
    /\bpol-(?:p[1-4]|t[1-3])\b/,
    ['421 4.7.1 POL-T3 see http://postmaster.facebook.com'],
    { source: FACEBOOK },
  ),
  rule(
    'rate/facebook',
    /\b(?:con-t[1-4]|msg-t1)\b/,
    ['421 4.7.0 CON-T2 see http://postmaster.facebook.com'],
    { source: FACEBOOK },
  ),
  rule('too-big/facebook', /\b(?:msg-p1|int-p2)\b/, ['552 5.3.4 MSG-P1 see http://postmaster.facebook.com'], {
    source: FACEBOOK,
  }),
  rule('content/facebook', /\bmsg-p2\b/, ['554 5.7.1 MSG-P2 see http://postmaster.facebook.com'], {
    source: FACEBOOK,
  }),
  rule('noncompliant/facebook', /\bmsg-p3\b/, ['550 5.6.0 MSG-P3 see http://postmaster.facebook.com'], {
    source: FACEBOOK,
  }),
  rule(
    'sender-rejected/facebook',
    /\bdns-(?:p[12]|t1)\b/,
    ['550 5.1.8 DNS-P1 see http://postmaster.facebook.com'],
    { source: FACEBOOK },
  ),
  rule('reverse-dns/facebook', /\bdns-(?:p3|t2)\b/, ['554 5.7.1 DNS-P3 see http://postmaster.facebook.com'], {
    source: FACEBOOK,
  }),
  rule('relaying-denied/i-ua', /\.i\.ua\/err\/[16]\b/, ['550 see http://mail.i.ua/err/1/'], { source: I_UA }),
  rule('user-unknown/i-ua', /\.i\.ua\/err\/2\b/, ['550 see http://mail.i.ua/err/2/'], { source: I_UA }),
  rule('inactive/i-ua', /\.i\.ua\/err\/3\b/, ['550 see http://mail.i.ua/err/3/'], { source: I_UA }),
  rule('mailbox-full/i-ua', /\.i\.ua\/err\/4\b/, ['550 see http://mail.i.ua/err/4/'], { source: I_UA }),
  rule('rate/i-ua', /\.i\.ua\/err\/5\b/, ['550 see http://mail.i.ua/err/5/'], { source: I_UA }),
  rule('reverse-dns/i-ua', /\.i\.ua\/err\/7\b/, ['550 see http://mail.i.ua/err/7/'], { source: I_UA }),
  rule('sender-rejected/i-ua', /\.i\.ua\/err\/8\b/, ['550 see http://mail.i.ua/err/8/'], { source: I_UA }),
  rule('reputation/i-ua', /\.i\.ua\/err\/9\b/, ['550 see http://mail.i.ua/err/9/'], { source: I_UA }),
  rule('filtered/i-ua', /\.i\.ua\/err\/10\b/, ['550 see http://mail.i.ua/err/10/'], { source: I_UA }),
  rule('spam/orange', /ofr_?506|mail rejete\. mail rejected/, [
    '550 5.2.0 Mail rejete. Mail rejected. OFR_506 [506]',
  ]),
  rule('user-unknown/orange', /destinataire invalide|ofr_?41[68]/, [
    '550 5.1.1 Adresse d au moins un destinataire invalide. Invalid recipient. OFR_416 [416]',
  ]),
  rule('rate/orange', /ofr_?(?:004_)?104|trop de connexions/, [
    '421 mwinf5c01 ME Trop de connexions, veuillez verifier votre configuration. Too many connections, slow down. OFR004_104 [104]',
  ]),
  rule(
    'reputation/orange',
    /\b(?:ofr|lpn(?:aaa)?|ouk|wan)\d{0,3}_?(?:10[0-37-9]|510|630|999)\b|service refuse\./,
    [
      '554 5.7.1 Service refuse. Veuillez essayer plus tard. Service refused, please try later. OFR_999 [999]',
    ],
    { source: 'https://www.postmastery.com/orange-postmaster-smtp-error-codes-ofr/' },
  ),
  rule(
    'rate/cox',
    /aup#(?:cxcnct|cxmxrt)|cox too many|message threshold exceeded/,
    [
      '421 cox too many sessions from 192.0.2.1 AUP#CXCNCT',
      '452 4.2.1 mx.example.net message threshold exceeded',
    ],
    { source: COX },
  ),
  rule(
    'reverse-dns/cox',
    /aup#(?:cxdns|cxfwd)|dns check failure/,
    [
      '554 cox 192.0.2.1 rejected - no rDNS. AUP#CXDNS',
      '421 4.2.1 cox 192.0.2.1 DNS check failure - try again later',
    ],
    { source: COX },
  ),
  rule('authentication/cox', /aup#cxsndr/, ['550 5.7.1 problem with the domain of the sender AUP#CXSNDR'], {
    source: COX,
  }),
  rule('sender-rejected/cox', /aup#cxsmtp/, ['550 5.1.0 AUP#CXSMTP'], { source: COX }),
  rule('security/cox', /aup#(?:cxthrt|cxmj)/, ['550 5.1.0 message rejected. AUP#CXTHRT'], { source: COX }),
  rule('spam/cox', /aup#urlbl/, ['552 5.2.0 message rejected AUP#URLBL011'], { source: COX }),
  rule('reverse-dns/spectrum', /aup#[a-z-]{0,5}11[0-5]\d\b/, ['421 4.2.0 AUP#In-1100'], { source: SPECTRUM }),
  rule('policy/spectrum', /aup#[a-z-]{0,5}(?:11[6-9]\d|1560)\b/, ['550 5.7.1 AUP#In-1170'], {
    source: SPECTRUM,
  }),
  rule(
    'rate/spectrum',
    /aup#[a-z-]{0,5}(?:1[34]\d\d|15[458]0)\b/,
    [
      '550 5.1.0 <me@example.com> sender rejected. Please see https://www.spectrum.net/support/internet/understanding-email-error-codes for more information. AUP#In-1310',
    ],
    { source: SPECTRUM },
  ),
  rule('too-big/spectrum', /aup#[a-z-]{0,5}1530\b/, ['552 5.2.3 AUP#In-1530'], { source: SPECTRUM }),
  rule('sender-rejected/spectrum', /aup#[a-z-]{0,5}(?:10[1-8]\d|15[02]0)\b/, ['550 5.7.1 AUP#Out-1020'], {
    source: SPECTRUM,
  }),
  rule('system-error/spectrum', /aup#[a-z-]{0,5}1090\b/, ['451 4.2.0 AUP#In-1090'], { source: SPECTRUM }),
  rule(
    'reputation/cox-spectrum',
    /aup#/,
    [
      '550 5.1.0 <me@example.com> sender rejected. Refer to Error Codes section at https://www.cox.com/residential/support/email-error-codes.html for more information. AUP#CDRBL',
      '550 5.7.1 AUP#In-1210',
    ],
    { source: SPECTRUM },
  ),
]
