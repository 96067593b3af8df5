/**
 * The Debian package: built, looked into, and where root may mount, installed over a copy of this system that is thrown
 * away. Run by `npm run package -- --check`.
 */

import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'

import { buildDeb } from '../../packaging/build.ts'
import { Client } from '../scenario/client.ts'
import { hasProgram, runProgram } from '../scenario/program.ts'
import { Rig } from '../scenario/rig.ts'
import type { Sections } from '../scenario/rig.ts'

import { asService, beside, INSTALLED, inWorld, owning, whyNoWorld } from './installed.ts'

function whyNot(): string | undefined {
  // It builds for half a minute: too long for every `npm test`.
  if (process.env['CHECK_PACKAGE'] === undefined) return 'npm run package -- --check runs these'
  return hasProgram('dpkg-deb', '--version') ? undefined : 'dpkg-deb is not on this machine'
}

suite('the Debian package', { skip: whyNot() ?? false }, () => {
  let directory = ''
  let deb = ''
  let unpacked = ''

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'hikyaku-deb-'))
    // Quick rather than small.
    deb = await buildDeb({ out: directory, compression: ['-Zgzip', '-z1'] })
    unpacked = join(directory, 'unpacked')
    await succeed('dpkg-deb', '-x', deb, unpacked)
  })

  after(() => rmSync(directory, { recursive: true, force: true }))

  test('belongs to root, and keeps the configuration from others', async () => {
    const files = await contents(deb)
    assert.deepEqual(
      files.filter(({ owner }) => owner !== 'root/root'),
      [],
    )
    assert.equal(files.find(({ path }) => path === './etc/hikyaku/hikyaku.toml')?.mode, '-rw-r-----')
    assert.equal(files.find(({ path }) => path === './etc/hikyaku/')?.mode, 'drwxr-x---')
  })

  test('holds what runs, and neither tests nor packages for developers', async () => {
    const paths = (await contents(deb)).map(({ path }) => path)
    assert.ok(paths.includes('./usr/lib/hikyaku/src/main/transport-thread.ts'))
    const unwanted =
      /\.\/usr\/lib\/hikyaku\/src\/.*(?:\.test|\.contract|\.fixture|\/dialogues\/|\/fixtures\/)|node_modules\/(?:typescript|oxlint|mailauth)\//
    assert.deepEqual(
      paths.filter((path) => unwanted.test(path)),
      [],
    )
  })

  test('runs from wherever it is unpacked, with the Node that it brings', async () => {
    const home = join(unpacked, 'usr/lib/hikyaku')
    const said = await succeed(join(home, 'node/node'), join(home, 'src/main/cli.ts'), '--version')
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string }
    assert.equal(said, `${version}\n`)
  })

  test('its manual knows the commands below commands', async () => {
    const page = join(unpacked, 'usr/share/man/man1/hikyaku.1.gz')
    assert.match(await succeed('gzip', '-dc', page), /^\.SH "HIKYAKU DOMAIN ADD"$/m)
  })

  suite('installed', { skip: whyNoWorld() ?? false }, () => {
    test('runs as its own user, takes a message on a low port, delivers it, and stops', async () => {
      const port = await freeLowPort()
      await using rig = await Rig.prepare({ sections: lowListener(port) })
      await rig.run({ tracer: asInstalled(rig, deb, 'with') })
      // Root's command becomes the user of the service, or the node could not read what it made.
      const [nsenter = '', ...inside] = beside(rig.node.pid)
      const args = ['--config', rig.files.configuration, 'domain', 'add', 'example.org']
      const added = await succeed(nsenter, ...inside, '/usr/bin/hikyaku', ...args)
      assert.match(added, /_domainkey\.example\.org/)
      const client = await Client.ready(port)
      const letter = {
        from: 'shop@example.org',
        to: 'user@example.com',
        content: 'From: shop@example.org\r\nSubject: Hi\r\n\r\nHello\r\n',
      }
      assert.match(await client.submit(letter), /^250 /)
      await client.quit()
      assert.match(String((await rig.delivered('user@example.com')).raw), /^DKIM-Signature:/)
      assert.deepEqual(await rig.node.stop(), { code: 0, signal: null })
    })

    test('cannot have that port without its one capability', async (t) => {
      const free = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'latin1'))
      const port = await freeLowPort()
      if (port >= free) return t.skip(`everybody may use port ${port} of this machine`)
      await using rig = await Rig.prepare({ sections: lowListener(port) })
      await assert.rejects(
        rig.run({ tracer: asInstalled(rig, deb, 'without') }),
        /may not listen on .*CAP_NET_BIND_SERVICE/,
      )
    })

    test('leaves the mail where it is when it is purged, and nothing else', async () => {
      const shared = mkdtempSync(join(tmpdir(), 'hikyaku-purge-'))
      try {
        cpSync(deb, join(shared, 'hikyaku.deb'))
        const purge =
          'touch /var/lib/hikyaku/spool.db; dpkg --purge hikyaku >&2; ls -d /etc/hikyaku /usr/lib/hikyaku /var/lib/hikyaku/*'
        const [command = '', ...args] = inWorld(shared, join(shared, 'hikyaku.deb'))
        const { out, err } = await runProgram(command, [...args, 'sh', '-c', purge])
        assert.equal(out, '/var/lib/hikyaku/spool.db\n', err)
        assert.match(err, /may hold mail not yet delivered/)
      } finally {
        rmSync(shared, { recursive: true })
      }
    })
  })
})

/** Loopback may send on it without AUTH. */
function lowListener(port: number): Sections {
  const near = 'address = "127.0.0.1"\ntls = "none"\nauth = "none"\ntrusted = ["127.0.0.0/8"]'
  return { 'listeners.low': `${near}\nport = ${port}` }
}

/** Run as the service of the installed package; its files are the rig's. */
function asInstalled(rig: Rig, deb: string, capability: 'with' | 'without'): readonly string[] {
  const { directory } = rig
  const copy = join(directory, 'hikyaku.deb')
  cpSync(deb, copy)
  return [...inWorld(directory, copy), ...owning(directory), ...asService(capability), ...INSTALLED]
}

/** The highest of those that need privilege. */
async function freeLowPort(): Promise<number> {
  for (let port = 1023; port > 0; port -= 1) if (await isFree(port)) return port
  throw new Error('all low ports are taken')
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const server = createServer()
  server.once('error', () => resolve(false))
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  return promise
}

type File = { readonly mode: string; readonly owner: string; readonly path: string }

async function contents(deb: string): Promise<readonly File[]> {
  const list = await succeed('dpkg-deb', '--contents', deb)
  return list
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [mode = '', owner = '', , , , path = ''] = line.split(/\s+/)
      return { mode, owner, path }
    })
}

/** Standard output. @throws when the exit code is not 0 */
async function succeed(command: string, ...args: readonly string[]): Promise<string> {
  const { code, out, err } = await runProgram(command, args)
  assert.equal(code, 0, `${command} ${args.join(' ')}: ${err}`)
  return out
}
