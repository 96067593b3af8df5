/** What a diagnosis asks of the machine: everything that touches it, so that tests can have any machine they like. */

export type Directory = {
  /** Permission bits, as in `0o700`. */
  readonly mode: number
  readonly owner: number
  readonly writable: boolean
  /** statfs(2): the kind of file system, blocks, inodes. File systems without inodes say 0 `files`. */
  readonly type: number
  readonly blocks: number
  readonly bavail: number
  readonly files: number
  readonly ffree: number
}

export type Greeting =
  | { readonly ok: true; readonly line: string }
  /** An error code such as `ECONNREFUSED`, or `timeout`. */
  | { readonly ok: false; readonly code: string }

/** Functions never reject unless they say so. */
export type Machine = {
  now(): number
  /** The user that runs this program; `undefined` on systems that have no such numbers. */
  readonly user: number | undefined
  /** Of all interfaces. */
  readonly addresses: readonly string[]
  /** `undefined` when there is none; an error code when this user may not even look at it. */
  directory(path: string): Promise<Directory | { readonly denied: string } | undefined>
  /** `undefined` when there is none. @throws what the system says when it cannot be read */
  readFile(path: string): Promise<Buffer | undefined>
  /** What keeps the time of day right, and whether it says that it does; `undefined` when nothing is seen. */
  timekeeper(): Promise<{ readonly name: string; readonly synchronized: boolean } | undefined>
  /** The Date of an answer to HTTP, on port 80 unless another is given, and when it came by our clock. */
  httpDate(
    address: string,
    host: string,
    port?: number,
  ): Promise<{ readonly theirs: number; readonly ours: number } | undefined>
  /** Listens for a moment; an error code when that cannot be done. */
  bind(address: string, port: number): Promise<string | undefined>
  /** Connects, reads the first line, leaves. */
  greeting(to: { readonly address: string; readonly port: number; readonly from?: string }): Promise<Greeting>
}
