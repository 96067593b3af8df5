/** From a newsletter to what its recipient does with it: opened, followed, unsubscribed from over HTTPS. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { leavesOf } from '#grammar/message'

import { dkimVerdicts, mailOf } from './mail.ts'
import type { Mail } from './mail.ts'
import { DOMAIN, Rig } from './rig.ts'

const URL_BASE = 'https://click.example.org'
const HTML =
  '<html><body><p>春の花</p>\r\n<a class="b" href="https://shop.example.com/spring?a=1&amp;b=2">花</a>\r\n' +
  '<a href="mailto:shop@example.com">✉</a> <a data-hikyaku-track="off" href="https://shop.example.com/terms">§</a>\r\n' +
  '<a href="hikyaku:unsubscribe">配信停止</a></body></html>\r\n'

const LIMITS = { depth: 9, parts: 99, headerBytes: 99_999 }

const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const GMAIL = 'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)'

type Told = {
  readonly kind: string
  readonly recipient?: string
  readonly first?: true
  readonly tags?: readonly string[]
  readonly data?: Readonly<Record<string, unknown>>
}

function links(html: string): readonly string[] {
  return Array.from(html.matchAll(/href="([^"]+)"/g), ([, url = '']) => url)
}

function picture(html: string): string {
  return /<img src="([^"]+)"[^>]*><\/body>/.exec(html)?.[1] ?? assert.fail(html)
}

function unsubscribeUrl(mail: Mail): string {
  return /<(https:[^>]+)>/.exec(mail.one('List-Unsubscribe'))?.[1] ?? assert.fail()
}

suite('tracking', () => {
  let rig: Rig
  let token = ''
  before(async () => {
    rig = await Rig.start({
      sections: {
        // A test is sooner at it than any person: time is to say nothing here.
        tracking: `enabled = true\nport = 0\nurl = "${URL_BASE}"\nmachine_within = "0s"`,
        'streams.marketing': 'track_opens = true\ntrack_clicks = true',
      },
    })
    const all = ['messages:send', 'messages:read', 'events:read', 'statistics:read']
    const scopes = all.flatMap((scope) => ['--scope', scope])
    token = (await rig.cli<{ token: string }>('api-key', 'add', ...scopes)).token
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  async function api(path: string, body?: unknown): Promise<Response> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const posted = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    return await fetch(`${rig.node.api}${path}`, { headers, ...posted })
  }

  async function letter(to: string, more: object = {}): Promise<Response> {
    const message = { from: `shop@${DOMAIN}`, to, subject: '春', html: HTML, stream: 'marketing' }
    return await api('/v1/messages', { ...message, text: 'https://shop.example.com/', ...more })
  }

  async function delivered(to: string, more: object = {}): Promise<Mail & { readonly html: string }> {
    const response = await letter(to, more)
    assert.equal(response.status, 202, await response.clone().text())
    const mail = mailOf((await rig.delivered(to)).raw)
    const [leaf] = leavesOf(mail.raw, LIMITS, (type) => type === 'text/html')
    const isJapanese = 'charset' in more && more.charset === 'iso-2022-jp'
    return { ...mail, html: new TextDecoder(isJapanese ? 'iso-2022-jp' : 'utf-8').decode(leaf?.content) }
  }

  /** As a browser asks: the name of the tracking domain leads to the door. */
  async function ask(url: string, init: RequestInit = {}, agent = BROWSER): Promise<Response> {
    assert.ok(url.startsWith(`${URL_BASE}/`), url)
    const headers = { 'user-agent': agent, ...(init.headers as object) }
    return await fetch(rig.node.tracking + url.slice(URL_BASE.length), {
      redirect: 'manual',
      ...init,
      headers,
    })
  }

  /** Told of `to`, as soon as there are so many. */
  async function told(to: string, kinds: string, count: number): Promise<readonly Told[]> {
    for (;;) {
      const response = await api(`/v1/events?recipient=${to}&kind=${kinds}`)
      const { data } = (await response.json()) as { readonly data: readonly Told[] }
      if (data.length >= count) return data
      await new Promise((resolve) => void setTimeout(resolve, 50))
    }
  }

  for (const charset of ['utf-8', 'iso-2022-jp'])
    test(`only the links that are tracked differ from what was written, in ${charset}, and all of it is signed`, async () => {
      const to = `octets-${charset}@read.example.com`
      const html = HTML.replaceAll(/[✉§]/g, 'x')
      const mail = await delivered(to, { html, charset })
      const [click = '', mailto, off, out] = links(mail.html)
      assert.match(click, /^https:\/\/click\.example\.org\/c\/[\w-]+$/)
      assert.deepEqual([mailto, off], ['mailto:shop@example.com', 'https://shop.example.com/terms'])
      assert.equal(out, unsubscribeUrl(mail))
      const back = mail.html
        .replace(click, 'https://shop.example.com/spring?a=1&amp;b=2')
        .replace(out ?? '', 'hikyaku:unsubscribe')
        .replace(/<img[^>]*>/, '')
      assert.equal(back, html)
      assert.equal(mail.one('List-Unsubscribe-Post'), 'List-Unsubscribe=One-Click')
      assert.deepEqual(await dkimVerdicts(mail.raw, rig.domain), ['ed25519-sha256 pass', 'rsa-sha256 pass'])
      assert(mail.all('DKIM-Signature').every((value) => /list-unsubscribe-post/i.test(value)))
    })

  test('an open and a click are told, counted once and in all, and shown with the message', async () => {
    const to = 'reader@read.example.com'
    const mail = await delivered(to, { tags: ['spring'] })
    const seen = await ask(picture(mail.html), {}, GMAIL)
    assert.deepEqual([seen.status, seen.headers.get('content-type')], [200, 'image/gif'])
    assert.equal((await seen.arrayBuffer()).byteLength, 43)
    assert.match(seen.headers.get('cache-control') ?? '', /no-store/)
    await ask(picture(mail.html))
    const followed = await ask(links(mail.html)[0] ?? '')
    assert.equal(followed.status, 302)
    assert.equal(followed.headers.get('location'), 'https://shop.example.com/spring?a=1&b=2')
    const opens = await told(to, 'opened', 2)
    assert.deepEqual(
      opens.map(({ first, data, tags }) => [first, data?.['class'], data?.['rule'], tags]),
      [
        [true, 'proxy', 'gmail-image-proxy', ['spring']],
        [undefined, 'human', 'none', ['spring']],
      ],
    )
    const [click] = await told(to, 'clicked', 1)
    assert.deepEqual(click?.data, {
      class: 'human',
      rule: 'none',
      url: 'https://shop.example.com/spring?a=1&b=2',
      link: 0,
    })
    const statistics = await api('/v1/statistics?by=tag&tag=spring')
    const [row] = (
      (await statistics.json()) as { data: { counts: Record<string, number>; classes: object }[] }
    ).data
    const { opened, unique_opens, clicked, unique_clicks } = row?.counts ?? {}
    assert.deepEqual([opened, unique_opens, clicked, unique_clicks], [2, 1, 1, 1])
    const text = await rig.cliRun('report', '--by', 'stream')
    assert.match(text.out, /UNIQUE_OPENS/)
  })

  test('a letter to many has links of their own for each, in what was filled in for them', async () => {
    const recipients = ['a', 'b'].map((name) => ({ to: `${name}@many.example.com`, variables: { name } }))
    const html = '<p>{{ name }}</p><a href="https://shop.example.com/{{ name }}">x</a></body>'
    const common = { from: `shop@${DOMAIN}`, subject: 'x', stream: 'marketing' }
    const response = await api('/v1/messages/batch', { ...common, html, recipients })
    assert.equal(response.status, 202, await response.clone().text())
    for (const { to, variables } of recipients) {
      const { raw } = await rig.delivered(to)
      assert.deepEqual(await dkimVerdicts(raw, rig.domain), ['ed25519-sha256 pass', 'rsa-sha256 pass'])
      const [leaf] = leavesOf(raw, LIMITS, (type) => type === 'text/html')
      const followed = await ask(links(leaf?.content.toString() ?? '')[0] ?? '')
      assert.equal(followed.headers.get('location'), `https://shop.example.com/${variables.name}`)
      assert.match(picture(leaf?.content.toString() ?? ''), /\/o\//)
    }
  })

  test('the record of a message shows the first open and the first click', async () => {
    const to = 'record@read.example.com'
    const mail = await delivered(to)
    await ask(picture(mail.html))
    await ask(links(mail.html)[0] ?? '')
    await told(to, 'opened,clicked', 2)
    const found = await api(`/v1/deliveries?recipient=${to}`)
    const { data } = (await found.json()) as { readonly data: readonly { readonly message: string }[] }
    const shown = await api(`/v1/messages/${data[0]?.message}`)
    const { deliveries } = (await shown.json()) as {
      readonly deliveries: readonly { readonly timeline: readonly { event: string; class?: string }[] }[]
    }
    const steps = deliveries[0]?.timeline.map(({ event, class: what }) => `${event} ${what ?? ''}`)
    assert.deepEqual(steps?.slice(-2), ['opened human', 'clicked human'])
  })

  test('what a machine does is told as such, and is nobody’s first', async () => {
    const to = 'scanned@read.example.com'
    const mail = await delivered(to)
    const [link = ''] = links(mail.html)
    assert.equal((await ask(link, { method: 'HEAD' })).status, 302)
    assert.equal((await ask(link, {}, 'curl/8.5.0')).status, 302)
    const clicks = await told(to, 'clicked', 2)
    assert.deepEqual(
      clicks.map(({ first, data }) => [first, data?.['class'], data?.['rule']]),
      [
        [undefined, 'machine', 'head'],
        [undefined, 'machine', 'program'],
      ],
    )
  })

  test('a message may say otherwise than its stream', async () => {
    const off = await delivered('quiet@read.example.com', { tracking: { opens: false, clicks: false } })
    assert.equal(off.html.includes('<img'), false)
    assert.equal(links(off.html)[0], 'https://shop.example.com/spring?a=1&amp;b=2')
    const on = await delivered('told@read.example.com', {
      stream: 'transactional',
      tracking: { opens: true },
    })
    assert.match(picture(on.html), /\/o\//)
    assert.deepEqual(on.all('List-Unsubscribe'), [])
  })

  /** Whether mail of the stream is refused for the recipient, asked until the doors have taken in what was committed. */
  async function becomes(to: string, status: number): Promise<void> {
    while ((await letter(to)).status !== status) await new Promise((resolve) => void setTimeout(resolve, 100))
  }

  test('one click in a mail program unsubscribes at once, and the next letter is not sent', async () => {
    const to = 'tired@read.example.com'
    const url = unsubscribeUrl(await delivered(to))
    // Scanners follow links, and change nothing.
    for (const method of ['GET', 'HEAD']) assert.equal((await ask(url, { method })).status, 200)
    assert.equal((await letter(to)).status, 202)
    const body = new FormData()
    body.set('List-Unsubscribe', 'One-Click')
    const done = await ask(url, { method: 'POST', body })
    assert.deepEqual(
      [done.status, await done.text(), done.headers.get('set-cookie')],
      [200, 'Unsubscribed.\n', null],
    )
    await becomes(to, 422)
    assert.equal((await told(to, 'unsubscribed', 1)).length, 1)
    const other = await letter(to, { stream: 'transactional' })
    assert.equal(other.status, 202)
  })

  test('on the page a recipient stops all newsletters, and takes them up again', async () => {
    const to = 'undecided@read.example.com'
    const url = unsubscribeUrl(await delivered(to))
    const shown = await ask(url, { headers: { 'accept-language': 'ja,en;q=0.5' } })
    const page = await shown.text()
    assert.match(page, /<html lang="ja">/)
    assert.match(page, /このメールの配信を停止する/)
    assert.equal(page.includes('undecided'), false)
    assert.match(shown.headers.get('content-security-policy') ?? '', /default-src 'none'/)
    const press = async (what: string): Promise<string> => {
      const response = await ask(url, {
        method: 'POST',
        body: new URLSearchParams({ do: what, language: 'en' }),
      })
      assert.equal(response.status, 200)
      return await response.text()
    }
    assert.match(await press('all'), /any other newsletter of this sender/)
    await becomes(to, 422)
    assert.match(await press('again'), /You will receive this mail again/)
    await becomes(to, 202)
  })

  test('what is made up leads nowhere', async () => {
    const mail = await delivered('forged@read.example.com')
    const [click = ''] = links(mail.html)
    const forged = click.slice(0, -4) + (click.endsWith('AAAA') ? 'BBBB' : 'AAAA')
    for (const url of [
      forged,
      `${URL_BASE}/c/${btoa('https://evil.example/')}`,
      `${URL_BASE}/c/https://evil.example/`,
    ]) {
      const answer = await ask(url)
      assert.equal(answer.status, 404)
      assert.equal((await answer.text()).includes('evil'), false)
    }
    assert.equal(
      (await ask(`${URL_BASE}/u/AAAA`, { method: 'POST', body: new URLSearchParams({ do: 'all' }) })).status,
      404,
    )
  })
})
