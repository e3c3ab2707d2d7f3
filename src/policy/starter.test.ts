// Holds the tests of the starter policies against the real servers' own tool definitions.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseJson, type JsonObject } from '../std/json.ts'
import type { ActionDefinition, SystemDefinition } from '../wire/system.ts'
import { json, request, system } from './fixture.test.ts'
import { compilePolicySet } from './load.ts'
import { fillPlaceholders } from './placeholder.ts'
import type { PolicySet } from './set.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const FOLDER = join(ROOT, 'policies')
const SCRATCH = '/srv/scratch'

/** The tools of a real server, asked for over stdio. */
async function tools(program: string, args: string[]): Promise<ActionDefinition[]> {
  const child = spawn(join(ROOT, 'node_modules/.bin', program), args, {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const send = (message: object) =>
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  const clientInfo = { name: 'starter-test', version: '1' }
  send({
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo },
  })
  send({ method: 'notifications/initialized' })
  send({ id: 2, method: 'tools/list' })
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const message = parseJson(new TextEncoder().encode(line)) as {
        id?: number
        result: { tools: (JsonObject & { name: string; inputSchema: JsonObject })[] }
      }
      if (message.id !== 2) continue
      return message.result.tools.map(({ name, inputSchema }) => ({
        name,
        inputSchema,
        effects: ['read'],
        digest: 'sha256:x',
      }))
    }
  } finally {
    child.kill()
  }
  assert.fail('the server told no tools')
}

let systems: SystemDefinition[]
let set: PolicySet

before(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'starter-'))
  try {
    const [filesystem, everything] = await Promise.all([
      tools('mcp-server-filesystem', [folder]),
      tools('mcp-server-everything', []),
    ])
    systems = [
      { ...system('filesystem', {}), actions: filesystem },
      { ...system('everything', {}), actions: everything },
    ]
  } finally {
    rmSync(folder, { recursive: true })
  }
  const sources = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.cedar'))
    .map((file) => {
      const text = readFileSync(join(FOLDER, file), 'utf8')
      return { file, text: fillPlaceholders(text, { scratch: SCRATCH }) }
    })
  const result = compilePolicySet({ sources, systems })
  assert.ok(result.ok, JSON.stringify(result))
  assert.deepEqual(result.warnings, [])
  set = result.set
})

after(() => assert.ok(set, 'the starter policies compile'))

const who = {
  agent: { instance: 'i', name: 'guide', roles: ['guide'] },
  person: { id: 'ada', roles: ['operator'] },
  effects: ['read' as const],
}

function call(name: string, input: object, change: object = {}) {
  const [systemName, action] = name.split('/') as [string, string]
  return set.decide(
    request({ ...who, system: systemName, action, input: json(JSON.stringify(input)), ...change }),
  )
}

test('tools/list shows a guide what it may call, and nothing else', () => {
  const shown = systems.flatMap((one) =>
    one.actions
      .filter(({ name }) => set.mayCall(request({ ...who, system: one.name, action: name })))
      .map(({ name }) => `${one.name}/${name}`),
  )
  assert.deepEqual(shown.sort(), [
    'everything/echo',
    'everything/get-sum',
    'everything/trigger-long-running-operation',
    'filesystem/create_directory',
    'filesystem/directory_tree',
    'filesystem/edit_file',
    'filesystem/get_file_info',
    'filesystem/list_allowed_directories',
    'filesystem/list_directory',
    'filesystem/move_file',
    'filesystem/read_text_file',
    'filesystem/search_files',
    'filesystem/write_file',
  ])
})

test('a guide reads inside the scratch folder only', () => {
  assert.equal(call('filesystem/read_text_file', { path: `${SCRATCH}/a.txt` }).answer, 'allow')
  assert.equal(
    call('filesystem/read_text_file', { path: `${SCRATCH}/a.txt`, head: 2 }).answer,
    'allow',
  )
  assert.equal(call('filesystem/list_directory', { path: SCRATCH }).answer, 'allow')
  for (const path of [
    '/etc/passwd',
    `${SCRATCH}/../home`,
    `${SCRATCH}/..`,
    `${SCRATCH}2/a`,
    `${SCRATCH}/.."`,
    'a.txt',
    '~/a',
    '',
  ]) {
    const decision = call('filesystem/read_text_file', { path })
    assert.equal(decision.answer, 'deny', path)
    assert.equal(decision.reason, 'no policy permits this call')
  }
})

test('a guide writes drafts; elsewhere a named forbid says why not', () => {
  const content = 'x'
  assert.equal(
    call('filesystem/write_file', { path: `${SCRATCH}/drafts/a`, content }).answer,
    'allow',
  )
  for (const path of [`${SCRATCH}/a`, `${SCRATCH}/drafts/../a`, `${SCRATCH}/drafts`, '/etc/x']) {
    const decision = call('filesystem/write_file', { path, content })
    assert.equal(decision.answer, 'deny', path)
    assert.equal(decision.reason, 'guides write only in the drafts folder')
    assert.deepEqual(
      decision.parties[1]?.policies.map(({ id }) => id),
      ['guide-writes-only-drafts'],
    )
  }
})

test('a guide moves files inside the scratch folder when an operator agreed', () => {
  const inside = { source: `${SCRATCH}/a`, destination: `${SCRATCH}/b` }
  const held = call('filesystem/move_file', inside)
  assert.equal(held.answer, 'hold')
  assert.deepEqual(held.gates, [
    {
      name: 'operator',
      policy: 'moving-needs-an-operator',
      reason: 'moving a file is looked at by an operator first',
    },
  ])
  const setAside = new Set(['moving-needs-an-operator'])
  assert.equal(call('filesystem/move_file', inside, { setAside }).answer, 'allow')
  const outside = { source: `${SCRATCH}/a`, destination: '/etc/b' }
  assert.equal(call('filesystem/move_file', outside).answer, 'deny', 'nobody is asked')
  assert.equal(call('filesystem/move_file', outside, { setAside }).answer, 'deny')
})

test('a guide tries three tools of everything, on behalf of an operator', () => {
  assert.equal(call('everything/echo', { message: 'x' }).answer, 'allow')
  assert.equal(call('everything/get-sum', { a: 1.5, b: 2 }).answer, 'allow')
  assert.equal(call('everything/trigger-long-running-operation', { duration: 5 }).answer, 'allow')
  assert.equal(call('everything/get-env', {}).answer, 'deny')
  const guest = { person: { id: 'eve', roles: [] } }
  assert.equal(call('everything/echo', { message: 'x' }, guest).answer, 'deny')
  const stray = { agent: { instance: 'i', name: 'other', roles: [] } }
  assert.equal(call('everything/echo', { message: 'x' }, stray).answer, 'deny')
})

test('placeholders are filled with what means only itself', () => {
  const fill = (scratch: string) => fillPlaceholders('"{{scratch}}/*"', { scratch })
  assert.equal(fill('/tmp/a b'), '"/tmp/a b/*"')
  for (const value of ['', '/a*', '/a"b', '/a\\b', '/a\nb', '/{{x}}']) {
    assert.throws(() => fill(value), { code: 'policy.bad_placeholder' })
  }
  assert.throws(() => fillPlaceholders('{{other}}', { scratch: '/x' }), {
    code: 'policy.bad_placeholder',
  })
  assert.throws(() => fillPlaceholders('{{toString}}', {}), { code: 'policy.bad_placeholder' })
})
