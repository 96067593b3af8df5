/** What may be asked of a web server somewhere on the Internet, and what may come of it. */

export type HttpRequest = {
  /** `https:` only, without user and password, on the client's ports. */
  readonly url: string
  /** Default: GET. */
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** Milliseconds for all of it: names, connections, redirects and the last octet. */
  readonly timeout: number
  /** Octets of the body that are read; one more ends the request. */
  readonly most: number
  /** How many redirects are followed, each as carefully as the first address. Default: none, a 3xx is the answer. */
  readonly redirects?: number
  /** Only for whom it is worse not to be heard than to be overheard. Default: false. */
  readonly anyCertificate?: boolean
}

export type HttpFailure =
  /** It is no address that may be asked for. */
  | 'url'
  /** The name has no address, or it cannot be had. */
  | 'dns'
  /** Every address is private or special. */
  | 'address'
  | 'connection'
  /** Not one that a public authority gave to this name. */
  | 'certificate'
  | 'timeout'
  | 'too-large'
  | 'redirects'

export type HttpAnswer =
  | {
      readonly ok: true
      readonly status: number
      /** Names in lower case. */
      readonly headers: ReadonlyMap<string, string>
      readonly body: Buffer
    }
  | { readonly ok: false; readonly failure: HttpFailure; readonly text: string }

export type HttpClient = {
  /** Never rejects. */
  request(request: HttpRequest): Promise<HttpAnswer>
}
