// Holds the Debian packages that tests need beside npm's: brought where that is possible, named where it is not.

import { spawnSync } from 'node:child_process'

/** What tests run beyond npm's packages, or read (a path, which may be a pattern), with the Debian package that holds it. */
const PROGRAMS = [
  ['openssl', 'openssl'],
  ['git', 'git'],
  ['chromium', 'chromium'],
  ['bwrap', 'bubblewrap'],
  ['python3', 'python3-minimal'],
  ['go', 'golang-go'],
  ['/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog', 'golang-golang-x-mod-dev'],
  ['/usr/lib/postgresql/*/bin/initdb', 'postgresql'],
]

/** Says what is wrong and what to do, and ends. */
export function fail(what, next) {
  process.stderr.write(`\ntest: ${what}\nnext: ${next}\n`)
  process.exit(1)
}

function isThere(program) {
  const look = program.startsWith('/') ? `ls -d ${program}` : `command -v ${program}`
  return spawnSync('sh', ['-c', look], { stdio: 'ignore' }).status === 0
}

/** Brings what is missing where that is possible: Debian's packages, as root. Names it clearly where it is not. */
export function bringPrograms() {
  const missing = PROGRAMS.filter(([program]) => !isThere(program)).map(([, name]) => name)
  if (missing.length === 0) return
  const command = `apt-get install --yes --no-install-recommends ${missing.join(' ')}`
  if (process.getuid?.() === 0 && isThere('apt-get')) {
    process.stderr.write(`Installing for the tests: ${missing.join(', ')} …\n`)
    const ran = spawnSync('sh', ['-c', `apt-get update && ${command}`], {
      encoding: 'utf8',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
    if (ran.status === 0) return
    process.stderr.write(`${ran.stdout}${ran.stderr}`)
  }
  fail(
    `the tests need ${missing.join(' and ')}`,
    `as root: \`${command}\`, then run the tests again`,
  )
}
