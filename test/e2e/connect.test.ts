// Holds `connect` end to end: five servers of a coding agent put behind Bailiwick, used as before, seen, and given back.

import assert from 'node:assert/strict'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { Agent } from '../../src/wire/api/agent.ts'
import { ConnectionsAnswer } from '../../src/wire/api/connection.ts'
import { FindingsAnswer } from '../../src/wire/api/finding.ts'
import { Bailiwick, officialServer, testServer } from './bailiwick.ts'
import type { Ended } from './child.ts'

const GITHUB = 'ghp_0123456789abcdefghijABCDEFGHIJ01'
const OTHER = 'xoxb-2222222222-abcdefghij'

interface Spec {
  command: string
  args: string[]
  env?: Record<string, string>
}

/** A folder of a person of this test. */
function person(t: TestContext): string {
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-person-'))
  t.after(() => rmSync(home, { recursive: true, force: true }))
  return home
}

function spec([command = '', ...args]: string[], env?: Record<string, string>): Spec {
  return { command, args, ...(env !== undefined && { env }) }
}

/** The file of a person who uses five servers, with comments, odd indentation and what is no business of ours. */
function fiveServers(home: string): string {
  const files = join(home, 'files')
  mkdirSync(files)
  writeFileSync(join(files, 'a.txt'), 'hello')
  const servers = {
    everything: spec(officialServer('server-everything')),
    'My Files': spec([...officialServer('server-filesystem'), files]),
    github: spec(testServer('fakes/upstream.ts', '2025-11-25'), {
      TOKEN: GITHUB,
      LOG_LEVEL: 'info',
    }),
    slack: spec(testServer('fakes/upstream.ts', '2026-07-28'), {
      TOKEN: '${SLACK_TOKEN}',
      EXTRA: OTHER,
    }),
  }
  const local = { local: spec(testServer('fakes/upstream.ts', '2026-07-28')) }
  const text = JSON.stringify(
    {
      numStartups: 7,
      mcpServers: servers,
      projects: { [process.cwd()]: { allowedTools: [], mcpServers: local }, '/elsewhere': {} },
      tipsHistory: { 'a b': 1.5 },
    },
    undefined,
    4,
  )
  return text.replace(
    '"mcpServers": {\n        "everything"',
    '// mine\n    "mcpServers": {\n        "everything"',
  )
}

async function run(bailiwick: Bailiwick, home: string, ...args: string[]): Promise<Ended> {
  await using child = bailiwick.spawnCli(args, {
    HOME: home,
    SLACK_TOKEN: 'from-the-environment-1234',
  })
  child.say('')
  return await child.ended
}

function entriesOf(text: string): Record<string, Spec> {
  const tree = JSON.parse(text.replace('// mine', '')) as {
    mcpServers: Record<string, Spec>
    projects: Record<string, { mcpServers?: Record<string, Spec> }>
  }
  return { ...tree.mcpServers, ...tree.projects[process.cwd()]?.mcpServers }
}

/** Starts an entry as the client would, and speaks MCP with it. */
async function started<T>(entry: Spec, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ name: 'coding-agent', version: '1.0.0' })
  const transport = new StdioClientTransport({
    command: entry.command,
    args: entry.args,
    env: { PATH: process.env['PATH'] ?? '', ...entry.env },
    stderr: 'pipe',
  })
  await client.connect(transport)
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}

async function tools(entry: Spec): Promise<string[]> {
  return started(entry, async (client) =>
    (await client.listTools()).tools
      .map(({ name }) => name)
      // What Bailiwick adds for whoever works on a task is no tool of the server's.
      .filter((name) => name !== 'bailiwick_request_access')
      .sort(),
  )
}

function textOf(result: unknown): string {
  const { content } = result as { content: { text?: string }[] }
  return content.map(({ text }) => text ?? '').join('')
}

const LABELLED = [
  '--effects',
  'everything/*=read',
  '--effects',
  'github/*=read',
  '--effects',
  'slack/*=read',
  '--effects',
  'local/*=read',
]

test('five servers go through Bailiwick by one command, work as before, are seen, and are given back byte for byte', async (t) => {
  await using bailiwick = await Bailiwick.start()
  await bailiwick.apply('')
  const home = person(t)
  const path = join(home, '.claude.json')
  const before = fiveServers(home)
  writeFileSync(path, before, { mode: 0o600 })
  const direct = { ...entriesOf(before) }
  const had = await tools(direct['everything']!)

  const shown = await run(bailiwick, home, 'connect', 'claude-code', '--dry-run')
  assert.equal(shown.code, 0, shown.stderr)
  assert.equal(readFileSync(path, 'utf8'), before)
  assert.doesNotMatch(shown.stdout + shown.stderr, new RegExp(`${GITHUB}|${OTHER}`))

  const done = await run(bailiwick, home, 'connect', 'claude-code', '--yes', ...LABELLED)
  assert.equal(done.code, 0, done.stderr)
  assert.doesNotMatch(
    done.stdout + done.stderr,
    new RegExp(`${GITHUB}|${OTHER}|from-the-environment`),
  )
  const after = readFileSync(path, 'utf8')
  assert.doesNotMatch(after, new RegExp(`${GITHUB}|${OTHER}`))
  assert.match(after, /\/\/ mine/)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  const now = entriesOf(after)
  assert.deepEqual(Object.keys(now), Object.keys(direct))
  for (const { command, args, env } of Object.values(now)) {
    assert.match(command, /\/bin\/bailiwick$/)
    assert.equal(args[0], '--home')
    assert.equal(env, undefined)
  }

  assert.deepEqual(await tools(now['everything']!), had)
  const read = await started(now['My Files']!, (client) =>
    client.callTool({ name: 'read_text_file', arguments: { path: join(home, 'files', 'a.txt') } }),
  )
  assert.equal(textOf(read), 'hello')
  for (const [name, secret] of [
    ['github', GITHUB],
    ['slack', 'from-the-environment-1234'],
  ] as const) {
    const said = await started(now[name]!, async (client) => ({
      echo: await client.callTool({ name: 'echo', arguments: { text: `by ${name}` } }),
      env: await client.callTool({ name: 'env', arguments: {} }),
    }))
    assert.equal(textOf(said.echo), `by ${name}`)
    // The server has its secret; the agent does not see it (INV-3).
    assert.match(textOf(said.env), /TOKEN/)
    assert.doesNotMatch(textOf(said.env), new RegExp(secret))
  }
  assert.ok((await tools(now['local']!)).includes('echo'))

  const { findings } = await bailiwick.control.get('/v1/findings', FindingsAnswer)
  const exposed = findings.filter(({ rule }) => rule === 'credential-exposed')
  assert.deepEqual(exposed.map(({ facts }) => `${facts['system']}/${facts['name']}`).sort(), [
    'github/TOKEN',
    'slack/EXTRA',
  ])
  const agent = await bailiwick.control.get('/v1/agents/claude-code', Agent)
  assert.notEqual(agent.observe, null)
  const records = await bailiwick.records('call.outcome')
  const seen = new Set(records.map(({ record }) => `${record.system}/${record.action}`))
  for (const one of ['my-files/read_text_file', 'github/echo', 'slack/echo'])
    assert.ok(seen.has(one), one)

  const again = await run(bailiwick, home, 'connect', 'claude-code', '--yes')
  assert.equal(again.code, 0, again.stderr)
  assert.equal(readFileSync(path, 'utf8'), after)

  const listed = await run(bailiwick, home, 'connect', '--list', '-o', 'json')
  const { files } = JSON.parse(listed.stdout) as { files: { path: string; state: string }[] }
  assert.equal(files.find((one) => one.path === path)?.state, 'as-connected')

  const back = await run(bailiwick, home, 'disconnect', 'claude-code', '--yes')
  assert.equal(back.code, 0, back.stderr)
  assert.equal(readFileSync(path, 'utf8'), before)
  const { connections } = await bailiwick.control.get('/v1/connections', ConnectionsAnswer)
  assert.deepEqual(connections, [])
  chmodSync(path, 0o600)
})

test('what a person changed since is theirs: only our own entries are given back, in TOML as in JSON', async (t) => {
  await using bailiwick = await Bailiwick.start()
  const home = person(t)
  const [node = '', ...args] = testServer('fakes/upstream.ts', '2026-07-28')
  const list = args.map((one) => JSON.stringify(one)).join(', ')
  const toml = `# mine\nmodel = "o3"\n\n[mcp_servers.fake]\ncommand = ${JSON.stringify(node)} # here\nargs = [${list}]\nstartup_timeout_sec = 20\n\n[mcp_servers.fake.env]\nTOKEN = "${GITHUB}"\n\n[profiles.a]\nx = 1\n`
  const codex = join(home, '.codex', 'config.toml')
  mkdirSync(join(home, '.codex'), { mode: 0o700 })
  writeFileSync(codex, toml)
  const cursor = join(home, '.cursor', 'mcp.json')
  mkdirSync(join(home, '.cursor'), { mode: 0o700 })
  const json = `\ufeff{\r\n  "mcpServers": {\r\n    "fake": { "command": ${JSON.stringify(node)}, "args": [${list}], "env": { "TOKEN": "\${env:SLACK_TOKEN}" } }, // it\r\n  },\r\n}\r\n`
  writeFileSync(cursor, json)
  for (const [client, path, theirs] of [
    ['codex', codex, ['x = 1', 'x = 2']],
    ['cursor', cursor, ['// it', '// that']],
  ] as const) {
    const done = await run(bailiwick, home, 'connect', client, '--user', '--yes')
    assert.equal(done.code, 0, done.stderr)
    const after = readFileSync(path, 'utf8')
    assert.doesNotMatch(after, new RegExp(GITHUB))
    writeFileSync(path, after.replace(theirs[0], theirs[1]))
    const back = await run(bailiwick, home, 'disconnect', client, '--yes')
    assert.equal(back.code, 0, back.stderr)
    assert.match(back.stderr, /only what is ours/)
  }
  assert.equal(readFileSync(cursor, 'utf8'), json.replace('// it', '// that'))
  const given = readFileSync(codex, 'utf8')
  for (const kept of ['# mine', `TOKEN = "${GITHUB}"`, 'startup_timeout_sec = 20', 'x = 2']) {
    assert.ok(given.includes(kept), kept)
  }
})
