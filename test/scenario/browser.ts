/** A browser as the API meets one: it keeps cookies, and says that its page is one of the node's own. */

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
  readonly #base: string
  readonly #cookies = new Map<string, string>()

  constructor(base: string) {
    this.#base = base
  }

  /** As it sends them: each is for every path here. */
  get cookie(): string {
    return Array.from(this.#cookies, ([name, value]) => `${name}=${value}`).join('; ')
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
    for (const set of response.headers.getSetCookie()) this.#keep(set)
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '')
        ? (JSON.parse(text) as Record<string, unknown>)
        : { text },
    }
  }

  #keep(set: string): void {
    const [name = '', value = ''] = (set.split(';')[0] ?? '').split('=')
    if (value === '') this.#cookies.delete(name)
    else this.#cookies.set(name, value)
  }
}
