/** A browser as the API meets one: it keeps the cookie, and says that its page is one of the node's own. */

export type Answer = {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

type Asked = {
  /** `undefined` leaves out what a browser would send by itself. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly body?: object | undefined
}

export class Browser {
  cookie = ''
  readonly #base: string

  constructor(base: string) {
    this.#base = base
  }

  get(path: string): Promise<Answer> {
    return this.ask('GET', path)
  }

  post(path: string, body: object): Promise<Answer> {
    return this.ask('POST', path, { body })
  }

  patch(path: string, body: object): Promise<Answer> {
    return this.ask('PATCH', path, { body })
  }

  delete(path: string): Promise<Answer> {
    return this.ask('DELETE', path)
  }

  async ask(method: string, path: string, { headers, body }: Asked = {}): Promise<Answer> {
    const all = {
      'x-hikyaku-request': '1',
      ...(this.cookie !== '' && { cookie: this.cookie }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    }
    const sent = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined)
    const response = await fetch(`${this.#base}${path}`, {
      method,
      headers: sent,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const [set] = response.headers.getSetCookie()
    if (set !== undefined) this.cookie = set.startsWith('hikyaku_session=;') ? '' : (set.split(';')[0] ?? '')
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body:
        response.headers.get('content-type')?.includes('json') === true
          ? (JSON.parse(text) as Record<string, unknown>)
          : { text },
    }
  }
}
