// Holds attacks on districts: an agent that ignores the gateway, and a stdio server that goes looking for keys.

import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Network } from '../../src/gateway/net/network.ts'
import { UpstreamProcess } from '../../src/gateway/upstream/process.ts'
import type { SandboxTerms } from '../../src/wire/system.ts'
import { Bailiwick } from '../e2e/bailiwick.ts'
import { Child, MAIN } from '../e2e/child.ts'
import type { Prowl } from '../fakes/prowler.ts'

const PROWLER = join(import.meta.dirname, '..', 'fakes', 'prowler.ts')
const WORD = 'BAILIWICK_TEST_PROWL=1'

function folder(t: TestContext): string {
  const made = realpathSync(mkdtempSync(join(tmpdir(), 'bailiwick-district-test-')))
  t.after(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** A unix socket of the machine that answers nobody. */
async function abstractSocket(t: TestContext): Promise<string> {
  const name = `@bailiwick-district-${process.pid}`
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(name.replace('@', '\0'), resolve))
  t.after(() => server.close())
  return name
}

/** Everything that a prowler found to be possible. */
function done(said: string): string[] {
  const found = JSON.parse(said) as Record<string, string>
  assert.ok(Object.keys(found).length > 10, said)
  return Object.entries(found).flatMap(([name, what]) =>
    what.startsWith('did') ? [`${name}: ${what}`] : [],
  )
}

/** What a stdio server finds that is started like any upstream of this home. */
async function upstream(
  t: TestContext,
  home: string,
  prowl: Prowl,
  sandbox: SandboxTerms = {},
  mode: 'require' | 'off' = 'require',
): Promise<string> {
  const started = new UpstreamProcess({
    transport: {
      kind: 'stdio',
      command: process.execPath,
      args: [PROWLER, JSON.stringify(prowl)],
      env: ['TOKEN'],
      sandbox,
    },
    secrets: { TOKEN: 'of this system' },
    home: join(home, 'upstreams', 'prowler', 'agent'),
    environment: { ...process.env },
    sandbox: {
      mode,
      bwrap: '/usr/bin/bwrap',
      closed: [home],
      network: new Network(),
    },
  })
  t.after(() => started.kill())
  let said = ''
  started.onOutput((chunk) => (said += chunk.toString('utf8')))
  const how = await started.gone
  assert.match(how, /exited with 0/, started.stderr)
  return said
}

test('INV-3 a stdio server that goes looking for keys finds none, and no way out', async (t) => {
  const home = folder(t)
  const key = join(home, 'keys.json')
  writeFileSync(key, 'the keys')
  const listening = createServer()
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  t.after(() => listening.close())
  const address = listening.address()
  assert.ok(typeof address === 'object' && address !== null)
  const prowl: Prowl = {
    ports: [address.port],
    paths: [
      key,
      join(home, 'upstreams', 'other'),
      '/root/.ssh',
      '/etc/shadow',
      '/proc/1/root/root',
    ],
    sockets: [await abstractSocket(t)],
    pid: process.pid,
    word: 'PATH_OF_NOBODY=',
  }
  assert.deepEqual(done(await upstream(t, home, prowl)), [])
})

test('the same server finds all of that where a person lets it run without a sandbox', async (t) => {
  const home = folder(t)
  const key = join(home, 'keys.json')
  writeFileSync(key, 'the keys')
  const prowl: Prowl = {
    ports: [],
    paths: [key],
    sockets: [await abstractSocket(t)],
    pid: process.pid,
    word: 'PATH=',
  }
  const found = done(await upstream(t, home, prowl, {}, 'off'))
  assert.ok(found.includes(`read ${key}: did: the keys`))
  assert.ok(found.some((line) => line.startsWith('socket @bailiwick')))
  assert.ok(found.some((line) => line.startsWith('signal a process')))
})

test('INV-3 the home stays closed to a stdio server whose registration grants a folder around it', async (t) => {
  const around = folder(t)
  const home = mkdtempSync(join(around, 'home-'))
  const key = join(home, 'keys.json')
  writeFileSync(key, 'the keys')
  writeFileSync(join(around, 'document'), 'text')
  const prowl: Prowl = {
    ports: [],
    paths: [key, home, join(around, 'document')],
    sockets: [],
    pid: process.pid,
    word: 'PATH_OF_NOBODY=',
  }
  const found = done(await upstream(t, home, prowl, { read: [around], write: [home] }))
  // The folders of its own are all that its home shows.
  assert.deepEqual(found, [
    `read ${home}: did: upstreams`,
    `read ${join(around, 'document')}: did: text`,
  ])
})

test('an agent that was started with `run` and ignores the gateway reaches nothing', async (t) => {
  await using bailiwick = await Bailiwick.start({ BAILIWICK_TEST_PROWL: '1' })
  await bailiwick.agent('prowler', [], false)
  const project = folder(t)
  copyFileSync(PROWLER, join(project, 'prowler.ts'))
  const ports = [
    bailiwick.controlPort,
    bailiwick.gatewayPort,
    Number(new URL(bailiwick.identityUrl).port),
  ]
  const prowl: Prowl = {
    ports,
    paths: [
      bailiwick.home,
      join(bailiwick.home, 'operator.json'),
      '/root/.ssh',
      '/root/.bailiwick',
      '/etc/shadow',
      '/run/bailiwick/keys',
      `/proc/${bailiwick.server.pid}/root${bailiwick.home}`,
    ],
    sockets: [await abstractSocket(t), join(bailiwick.home, 'run', 'workload.sock')],
    pid: bailiwick.server.pid,
    word: WORD,
  }
  const words = [
    'run',
    '--agent',
    'prowler',
    '--',
    process.execPath,
    'prowler.ts',
    JSON.stringify(prowl),
  ]
  await using child = new Child(
    [
      '-c',
      'cd "$0" && exec "$@"',
      project,
      process.execPath,
      MAIN,
      '--home',
      bailiwick.home,
      ...words,
    ],
    {},
    '/bin/sh',
  )
  child.say('')
  const { code, stdout, stderr } = await child.ended
  assert.equal(code, 0, stderr)
  assert.deepEqual(done(stdout), [])
})

test('INV-8 nothing in a district is a key: neither its environment, nor its files, nor its one socket', async (t) => {
  await using bailiwick = await Bailiwick.start()
  await bailiwick.agent('prowler', [], false)
  const project = folder(t)
  // The program of the test is shown to it, and has such words in its own text; so has the binary of Node.
  const own = join(import.meta.dirname, '..', '..')
  const script = `env; cat /proc/*/environ /proc/*/cmdline | tr "\\0" "\\n"; find / -xdev -type f -size -1024k -newer /etc/passwd -not -path '${own}/*' 2>/dev/null | head -200 | xargs -r cat 2>/dev/null; ls -la /run/bailiwick`
  await using child = new Child(
    [
      '-c',
      'cd "$0" && exec "$@"',
      project,
      process.execPath,
      MAIN,
      '--home',
      bailiwick.home,
      'run',
      '--agent',
      'prowler',
      '--',
      'sh',
      '-c',
      script,
    ],
    { SECRET_OF_THE_PERSON: 'not for agents' },
    '/bin/sh',
  )
  child.say('')
  const { code, stdout, stderr } = await child.ended
  assert.equal(code, 0, stderr)
  assert.doesNotMatch(stdout, /PRIVATE KEY|bwjt_|not for agents/)
  assert.match(stdout, /door/)
})
