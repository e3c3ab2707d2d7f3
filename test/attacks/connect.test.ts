// Holds attacks on putting clients behind Bailiwick: hostile files, files that change under us, and hostile hooks.

import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { clientNamed } from '../../src/cli/connect/clients.ts'
import { drawDifference } from '../../src/cli/connect/difference.ts'
import { bytesOf, readConfig, replaceConfig } from '../../src/cli/connect/file.ts'
import { entryChange, foundFiles, planFiles } from '../../src/cli/connect/plan.ts'
import { SystemNames, systemName } from '../../src/cli/connect/system-name.ts'
import { toolsDocument } from '../../src/cli/connect/tools/document.ts'
import { CallControl } from '../../src/gateway/call.ts'
import { openGateway } from '../../src/gateway/open.ts'
import { actionsOfTools } from '../../src/policy/reality/tools.ts'
import { utf8 } from '../../src/std/bytes.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { isName } from '../../src/std/id.ts'
import { parseJson } from '../../src/std/json.ts'
import { actor, FakePorts } from '../fakes/ports.ts'

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'bailiwick-attack-'))
  t.after(() => rmSync(made, { recursive: true, force: true }))
  return made
}

const NOBODY = 65_534

test('a link to a file of somebody else is not followed, and theirs is not changed', (t) => {
  const at = folder(t)
  const theirs = process.getuid?.() === 0 ? join(at, 'theirs.json') : '/etc/hosts'
  if (theirs !== '/etc/hosts') {
    writeFileSync(theirs, '{"mcpServers":{}}')
    chownSync(theirs, NOBODY, NOBODY)
  }
  const link = join(at, '.mcp.json')
  symlinkSync(theirs, link)
  const before = readFileSync(theirs)
  assert.throws(() => readConfig(link), /belongs to somebody else/)
  assert.deepEqual(readFileSync(theirs), before)
})

test('a link to one’s own file is followed, and stays a link', async (t) => {
  const at = folder(t)
  mkdirSync(join(at, 'dotfiles'), { mode: 0o700 })
  const real = join(at, 'dotfiles', 'mcp.json')
  writeFileSync(real, '{}', { mode: 0o640 })
  const link = join(at, '.mcp.json')
  symlinkSync(real, link)
  await replaceConfig(readConfig(link), utf8('{"a":1}'), { entropy: systemEntropy })
  assert.equal(readFileSync(real, 'utf8'), '{"a":1}')
  assert.equal(statSync(real).mode & 0o777, 0o640)
  assert.deepEqual(readdirSync(join(at, 'dotfiles')), ['mcp.json'])
})

test('files and folders that everybody may write are refused, and so is what is no file', (t) => {
  const at = folder(t)
  const file = join(at, '.mcp.json')
  writeFileSync(file, '{}')
  chmodSync(at, 0o777)
  assert.throws(() => readConfig(file), /everybody may write/)
  chmodSync(at, 0o700)
  chmodSync(file, 0o666)
  assert.throws(() => readConfig(file), /everybody may write/)
  mkdirSync(join(at, 'inside'))
  assert.throws(() => readConfig(join(at, 'inside')), /is no file/)
})

test('a file that changes between the difference and the write is left as it is', async (t) => {
  const at = folder(t)
  const path = join(at, '.mcp.json')
  for (const when of ['before', 'during'] as const) {
    writeFileSync(path, '{"mcpServers":{}}')
    const file = readConfig(path)
    const theirs = '{"mcpServers":{"new":{}}}'
    if (when === 'before') writeFileSync(path, theirs)
    const write = replaceConfig(file, bytesOf(file, '{}'), {
      entropy: systemEntropy,
      before: async () => {
        writeFileSync(path, theirs)
        await Promise.resolve()
      },
    })
    await assert.rejects(write, /connect\.changed/)
    assert.equal(readFileSync(path, 'utf8'), theirs)
    assert.deepEqual(readdirSync(at), ['.mcp.json'], 'neither lock nor half a file is left')
  }
})

test('one command changes a file at a time; a lock whose owner is gone keeps nobody out', async (t) => {
  const at = folder(t)
  const path = join(at, '.mcp.json')
  writeFileSync(path, '{}')
  const lock = `${path}.bailiwick-lock`
  writeFileSync(lock, `${process.pid}\n`)
  const write = () => replaceConfig(readConfig(path), utf8('{"a":1}'), { entropy: systemEntropy })
  await assert.rejects(write, /connect\.busy/)
  writeFileSync(lock, '999999999\n')
  await write()
  assert.ok(!existsSync(lock))
})

test('names that climb, hide or collide become names, each its own', () => {
  const names = new SystemNames([], new Set())
  const given = [
    '../../etc',
    '..',
    'a b',
    'A-B',
    'a_b',
    'ａｂ',
    '名前',
    '\u202eevil',
    '',
    '__proto__',
    'x'.repeat(500),
  ]
  const made = given.map((name, at) => {
    const transport = { kind: 'stdio', command: `/bin/${at}`, args: [], env: [] } as const
    return names.give(name, transport, [])
  })
  for (const name of made) assert.ok(isName(name), name)
  assert.equal(new Set(made).size, made.length)
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (name) => isName(systemName(name))))
})

test('the credentials of one file never take the place of those that another file uses', () => {
  const transport = { kind: 'stdio', command: '/bin/x', args: [], env: ['KEY'] } as const
  const system = { name: 'x', transport } as never
  const values = [['KEY', 'another']] as const
  assert.equal(new SystemNames([system], new Set(['x'])).give('x', transport, values), 'x-2')
  assert.equal(new SystemNames([system], new Set()).give('x', transport, values), 'x')
  const names = new SystemNames([], new Set())
  assert.equal(names.give('x', transport, [['KEY', 'one']]), 'x')
  assert.equal(names.give('x', transport, values), 'x-2')
  assert.equal(names.give('x', transport, [['KEY', 'one']]), 'x')
})

test('INV-3 what is shown of a change has no credential in it, in whichever form the file writes it', async (t) => {
  const at = folder(t)
  const path = join(at, '.mcp.json')
  const secret = 's3cr\\et"\u00e9-0123456789'
  const servers = {
    good: { command: 'sh', env: { API_KEY: secret } },
    bad: { command: 'sh', args: ['--token', 'hunter2-hunter2'] },
    theirs: { command: '/x/bailiwick', args: ['--home', '/home/eve', 'mcp', 'a', '--as', 'b'] },
  }
  writeFileSync(path, JSON.stringify({ mcpServers: servers }, undefined, 2))
  const client = clientNamed('mcp-json')!
  const surroundings = { env: { PATH: '/usr/bin:/bin' }, cwd: at, platform: process.platform }
  const { found } = foundFiles(client.places(surroundings))
  const [file] = await planFiles(found, {
    client,
    at: surroundings,
    scope: { env: surroundings.env, cwd: at, home: '/home/me', keepArguments: false },
    systems: [],
    inUse: new Set(),
    ask: async () => undefined,
  })
  const fates = file!.entries.map(({ name, fate }) => [name, fate])
  assert.deepEqual(fates, [
    ['good', 'connect'],
    ['bad', 'left'],
    ['theirs', 'left'],
  ])
  const [good] = file!.entries
  const of = { client, home: '/home/me', system: 'good', agent: 'a' }
  const after = file!.document.rewrite([entryChange(good!, servers.good, of)])
  const surface = { paint: (_: string, text: string) => text }
  const shown = drawDifference(file!.file.text, after, [secret], surface)
  assert.match(shown, /API_KEY/)
  assert.doesNotMatch(shown, /s3cr|0123456789/)
})

/** The hooks of a gateway that knows two instances of an agent. */
function hooks(t: TestContext) {
  const fake = new FakePorts()
  fake.actors.set('cert-b', actor('cert-b'))
  const { actions } = actionsOfTools(parseJson(utf8(toolsDocument('claude-code'))))
  fake.systems.set('claude-code', {
    name: 'claude-code',
    transport: { kind: 'external', source: 'tools', document: 'sha256:x' },
    server: { name: 'Claude Code', version: '1' },
    actions,
    maxProcesses: 1,
    digest: 'sha256:claude-code',
  })
  const gateway = openGateway({ ports: fake.ports, home: folder(t), environment: {}, holdMs: 0 })
  t.after(() => gateway.close())
  const ask = (body: string, certificate = 'cert-a') =>
    gateway.hooks.serve({
      client: 'claude-code',
      presented: { certificate, resource: '' },
      network: { listener: 'gateway-tls', address: '127.0.0.1' },
      body: utf8(body),
      control: new CallControl(),
    })
  return { fake, ask }
}

function event(name: string, tool: string, more: object = {}): string {
  return JSON.stringify({
    hook_event_name: name,
    session_id: 's',
    tool_name: tool,
    tool_use_id: 'u1',
    ...more,
  })
}

const DEEP = `{"hook_event_name":"PreToolUse","tool_name":"Read","tool_input":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}}`

test('INV-2 hostile bodies of hooks are denied in the client’s own words, and nothing of them is decided', async (t) => {
  const { fake, ask } = hooks(t)
  for (const body of [
    '',
    'null',
    '[]',
    '{"hook_event_name":',
    DEEP,
    '{"hook_event_name":"PreToolUse","tool_name":"Read","tool_name":"Bash","tool_input":{}}',
    '{"hook_event_name":"PreToolUse","tool_name":{"a":1},"tool_input":{}}',
    '{"hook_event_name":"PreToolUse","tool_name":"Read","tool_input":[1]}',
    '{"hook_event_name":"PreToolUse","tool_name":"Read","Tool_Name":"Bash","tool_input":{}}',
    event('PreToolUse', 'Read', { tool_input: { file_path: 7 } }),
    event('PreToolUse', '../Read', { tool_input: {} }),
    event('PreToolUse', 'read', { tool_input: {} }),
  ]) {
    const { decision, reply } = await ask(body)
    assert.equal(decision, 'deny', body.slice(0, 80))
    const said = reply['hookSpecificOutput'] as Record<string, unknown>
    assert.equal(said['permissionDecision'], 'deny')
  }
  assert.deepEqual(fake.decisions, [])
})

test('INV-1 a use that cannot be recorded is denied, and one by nobody known as well', async (t) => {
  const { fake, ask } = hooks(t)
  assert.equal((await ask(event('PreToolUse', 'Read'), 'cert-x')).decision, 'deny')
  fake.auditFails = true
  assert.equal((await ask(event('PreToolUse', 'Read'))).decision, 'deny')
})

test('a system of another kind under the client’s name is never asked as if it were its tools', async (t) => {
  const { fake, ask } = hooks(t)
  const external = fake.systems.get('claude-code')!
  const transport = { kind: 'stdio', command: '/bin/x', args: [], env: [] } as const
  fake.systems.set('claude-code', { ...external, transport })
  const { decision, reason } = await ask(event('PreToolUse', 'Read'))
  assert.equal(decision, 'deny')
  assert.match(reason ?? '', /another system/)
})

test('a hook that claims the use of another instance ends nothing of it', async (t) => {
  const { fake, ask } = hooks(t)
  const outcomes = () => fake.records.filter(({ type }) => type === 'call.outcome')
  assert.equal((await ask(event('PreToolUse', 'Read'))).decision, 'allow')
  await ask(event('PostToolUse', 'Read', { tool_response: { success: true } }), 'cert-b')
  await ask(event('PostToolUse', 'Bash'), 'cert-x')
  assert.deepEqual(outcomes(), [])
  await ask(event('PostToolUse', 'Read'))
  await ask(event('PostToolUse', 'Read'))
  assert.deepEqual(
    outcomes().map(({ instance, body }) => [instance, body['status']]),
    [['instance-of-cert-a', 'ok']],
  )
})

test('a held use is denied with where to ask, and goes on when a person has agreed', async (t) => {
  const { fake, ask } = hooks(t)
  fake.answers['Bash'] = 'hold'
  const body = event('PreToolUse', 'Bash', { tool_input: { command: 'make' } })
  const { decision, reason } = await ask(body)
  assert.equal(decision, 'deny')
  assert.match(reason ?? '', /a person has to approve this: http/)
})
