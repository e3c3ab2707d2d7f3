// Holds end-to-end tests of `run`: an agent in a district works through the gateway, its streams are its own, and a lock ends it at once.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Bailiwick, officialServer } from './bailiwick.ts'
import { Child, MAIN } from './child.ts'
import { until } from './until.ts'

function folder(t: TestContext): string {
  const made = realpathSync(mkdtempSync(join(tmpdir(), 'bailiwick-run-')))
  t.after(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** `bailiwick run …` in a project folder. */
function run(home: string, project: string, ...words: string[]): Child {
  const command = [process.execPath, MAIN, '--home', home, 'run', ...words]
  return new Child(['-c', 'cd "$0" && exec "$@"', project, ...command], {}, '/bin/sh')
}

async function started(t: TestContext) {
  const bailiwick = await Bailiwick.start({ BAILIWICK_UPSTREAM_SANDBOX: 'require' })
  t.after(() => bailiwick[Symbol.asyncDispose]())
  await bailiwick.agent('coder', ['coder'])
  const project = folder(t)
  return {
    bailiwick,
    project,
    agent: (...command: string[]) => run(bailiwick.home, project, '--agent', 'coder', ...command),
  }
}

test('streams are passed on byte for byte, and the exit code is that of the command', async (t) => {
  const { agent, project } = await started(t)
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at))
  writeFileSync(join(project, 'in'), Buffer.concat(Array<Buffer>(4_096).fill(bytes)))
  await using child = agent('--', 'sh', '-c', 'cat in | cat > out; cat; echo said >&2; exit 7')
  child.say('hello')
  const { code, stdout, stderr } = await child.ended
  assert.equal(code, 7)
  assert.equal(stdout, 'hello')
  assert.match(stderr, /said\n/)
  assert.deepEqual(readFileSync(join(project, 'out')), readFileSync(join(project, 'in')))
  await using killed = agent('--', 'sh', '-c', 'kill -9 $$')
  killed.say('')
  assert.equal((await killed.ended).code, 137)
})

test('tools are called through the gateway, under an identity that the agent does not have', async (t) => {
  const { agent, bailiwick, project } = await started(t)
  const files = folder(t)
  writeFileSync(join(files, 'note.txt'), 'hello from outside')
  await bailiwick.pin('files', [...officialServer('server-filesystem'), files])
  await bailiwick.apply(
    '@id("coders") permit (principal in Role::"coder", action in Action::"system:files", resource);',
  )
  const line = (id: number, method: string, params: object): string =>
    `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`
  await using child = agent('--', process.execPath, MAIN, 'mcp', 'files', '--as', 'coder')
  child.tell(
    line(1, 'initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'test', version: '1' },
    }),
  )
  await until('the handshake', () => child.stdout.includes('"id":1'))
  child.tell('{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
  const path = join(files, 'note.txt')
  child.say(line(2, 'tools/call', { name: 'read_text_file', arguments: { path } }))
  const { stdout, stderr } = await child.ended
  assert.match(stdout, /hello from outside/, stderr)
  const intent = (await bailiwick.records('call.intent'))[0]?.record
  assert.equal(intent?.agent, 'coder')
  assert.equal(intent.body?.['district'], true)
  assert.notEqual(project, files)
})

test('a request and a tunnel to the web are calls: denied unless policy permits, and recorded', async (t) => {
  const { agent, bailiwick } = await started(t)
  const script = `
    curl -sS -o denied.json -w '%{http_code}\\n' http://example.com/a?b=c
    curl -sS -o /dev/null -w '%{http_connect}\\n' https://example.com/ 2>/dev/null
    cat denied.json`
  await using child = agent('--', 'sh', '-c', script)
  child.say('')
  const { stdout, stderr } = await child.ended
  const [request, tunnel, ...problem] = stdout.split('\n')
  assert.equal(request, '403', stderr)
  assert.equal(tunnel, '403')
  assert.match(problem.join('\n'), /"code":"policy.denied"/)
  const denied = await bailiwick.records('call.denied')
  assert.deepEqual(
    denied.map(({ record }) => `${record.agent} ${record.system}/${record.action}`),
    ['coder web/request', 'coder web/tunnel'],
  )
})

test('names that lead to addresses of the machine are refused, whatever policy permits', async (t) => {
  const { agent, bailiwick } = await started(t)
  await bailiwick.apply(
    '@id("web") permit (principal in Role::"coder", action in Action::"system:web", resource);',
  )
  const targets = [
    `http://localhost.:${bailiwick.controlPort}/healthz`,
    `http://127.0.0.2:${bailiwick.controlPort}/healthz`,
    'http://169.254.169.254/latest/meta-data/',
    'http://[::ffff:127.0.0.1]/',
  ]
  const script = targets
    .map(
      (url) => `curl -sS -g --noproxy '' -o answer -w '%{http_code} ' '${url}'; cat answer; echo`,
    )
    .join('\n')
  await using child = agent('--', 'sh', '-c', script)
  child.say('')
  const { stdout, stderr } = await child.ended
  const answers = stdout.trim().split('\n')
  assert.equal(answers.length, targets.length, stderr)
  for (const answer of answers)
    assert.match(answer, /^[45]\d\d .*"code":"(?:net\.(?:address|metadata|resolve)|egress)/)
})

test('a lock ends every process of the district at once, whatever it does about signals', async (t) => {
  const { agent, bailiwick, project } = await started(t)
  const script =
    'trap "" TERM INT HUP; (setsid sh -c "while :; do date +%s%N > beat; done" &); echo up; sleep 600'
  await using child = agent('--', 'sh', '-c', script)
  await until('it runs', () => child.stdout.includes('up'))
  await until('it writes', () => {
    try {
      return readFileSync(join(project, 'beat')).length > 0
    } catch {
      return false
    }
  })
  await bailiwick.lock('agent', 'coder')
  const { code, stderr } = await child.ended
  assert.equal(code, 3)
  assert.match(stderr, /agent coder is locked.*run\.ended/)
  const last = readFileSync(join(project, 'beat'), 'utf8')
  await until('time has passed', () => Date.now() * 1e6 > Number(last || 0) + 3e8)
  assert.equal(readFileSync(join(project, 'beat'), 'utf8'), last)
})

test('an end that is asked for is passed on, so that the command can clean up', async (t) => {
  const { agent } = await started(t)
  await using child = agent(
    '--',
    'sh',
    '-c',
    'trap "echo cleaned; exit 5" TERM; echo up; while :; do sleep 0.05; done',
  )
  await until('it runs', () => child.stdout.includes('up'))
  child.kill('SIGTERM')
  const { code, stdout } = await child.ended
  assert.equal(code, 5)
  assert.match(stdout, /cleaned/)
})

test('--dry-run says what could be reached, and starts nothing', async (t) => {
  const { agent, bailiwick, project } = await started(t)
  await using child = agent('--dry-run', '-o', 'json', '--read', '/etc/hostname', '--', 'sh')
  child.say('')
  const { code, stdout, stderr } = await child.ended
  assert.equal(code, 0, stderr)
  const told = JSON.parse(stdout) as Record<'reads' | 'writes' | 'closed', string[]>
  assert.equal(told.writes[0], project)
  assert.ok(told.reads.includes('/etc/hostname'))
  assert.ok(told.closed.includes(bailiwick.home))
  assert.deepEqual(await bailiwick.records('instance.enrolled'), [])
})

test('a folder that holds too much, the home of Bailiwick and a command that is not there are refused', async (t) => {
  const { bailiwick, project } = await started(t)
  for (const [where, words, code] of [
    ['/', ['--', 'sh'], 'run.folder'],
    [bailiwick.home, ['--', 'sh'], 'run.folder'],
    [project, ['--read', bailiwick.home, '--', 'sh'], 'run.folder'],
    [project, ['--', 'no-such-program'], 'run.command'],
  ] as const) {
    await using child = run(bailiwick.home, where, '--agent', 'coder', ...words)
    child.say('')
    const { code: exit, stderr } = await child.ended
    assert.equal(exit, 1, stderr)
    assert.match(stderr, new RegExp(code))
  }
})

test('what programs outside run of a project cannot be changed from inside', async (t) => {
  const { agent, project } = await started(t)
  mkdirSync(join(project, '.git', 'hooks'), { recursive: true })
  writeFileSync(join(project, '.git', 'config'), '[core]\n')
  await using child = agent(
    '--',
    'sh',
    '-c',
    'echo x > .git/hooks/post-checkout; echo x >> .git/config; echo y > .git/HEAD; true',
  )
  child.say('')
  await child.ended
  assert.equal(readFileSync(join(project, '.git', 'config'), 'utf8'), '[core]\n')
  assert.throws(() => readFileSync(join(project, '.git', 'hooks', 'post-checkout')))
  assert.equal(readFileSync(join(project, '.git', 'HEAD'), 'utf8'), 'y\n')
})
