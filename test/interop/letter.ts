/** Mail that clients are given to send: all that a hop may get wrong, and still nothing that is not allowed. */

/** Lines that begin with dots, end with blanks, are as long as RFC 5321 §4.5.3.1.6 lets them be, or look like commands. */
const BODY = [
  'First line.',
  '.',
  '..',
  '.one dot before',
  '...three dots before',
  'blanks at the end   ',
  '\ta tab, and nothing on the next line',
  '',
  'From the beginning of a line',
  'QUIT',
  'x'.repeat(998),
  '=20 =C3=A4 is no quoted-printable here',
  '-- ',
  '',
  '',
  'after empty lines, and two more of them follow',
  '',
  '',
]

export type Letter = { readonly from: string; readonly to: string; readonly eightBit?: boolean }

/** With Date and Message-ID, so that nothing needs to be added. Lines end with CRLF. */
export function letter({ from, to, eightBit = false }: Letter): Buffer {
  const lines = [
    `From: Sender <${from}>`,
    `To: <${to}>`,
    'Subject: =?utf-8?B?6YCa55+l?= and a folded',
    '\tline of it',
    'Date: Sun, 22 Nov 2026 10:21:49 +0900',
    `Message-ID: <${to.replace('@', '.')}@client.example.net>`,
    'MIME-Version: 1.0',
    `Content-Type: text/plain; charset=${eightBit ? 'utf-8' : 'us-ascii'}`,
    `Content-Transfer-Encoding: ${eightBit ? '8bit' : '7bit'}`,
    '',
    ...BODY,
    ...(eightBit ? ['日本語と絵文字 🎉', 'Grüße'] : []),
    '',
  ]
  return Buffer.from(lines.join('\r\n'))
}

/** As files and programs of Unix have it. */
export function withLf(text: Buffer): Buffer {
  return Buffer.from(text.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')
}
