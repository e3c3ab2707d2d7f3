// Holds hooks end to end: installed by `connect`, asked as a client asks, decided, recorded, and blocking whatever goes wrong.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Bailiwick } from './bailiwick.ts'
import type { Ended } from './child.ts'

const SETTINGS = `{
  // my own
  "permissions": { "allow": ["Bash(ls:*)"] },
  "hooks": {
    "PreToolUse": [
      { "matcher": "Write", "hooks": [{ "type": "command", "command": "true" }] }, // keep
    ],
  },
}
`

const POLICY = `
@id("client-reads") permit (principal in Agent::"claude-code", action == Action::"claude-code/Read", resource);
@id("client-runs") permit (principal in Agent::"claude-code", action == Action::"claude-code/Bash", resource)
when { context.input has command && context.input.command like "git *" };
`

function folder(t: TestContext): string {
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-person-'))
  t.after(() => rmSync(home, { recursive: true, force: true }))
  return home
}

/** Runs a hook's command as the client does: by a shell, with the event on standard input. */
function asked(command: string, event: object | string, home: string): Promise<Ended> {
  const child = spawn('/bin/sh', ['-c', command], {
    env: { PATH: process.env['PATH'], HOME: home },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')))
  child.stdin.on('error', () => undefined)
  child.stdin.end(typeof event === 'string' ? event : JSON.stringify(event))
  return new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}

function use(tool: string, input: object, more: object = {}): object {
  return {
    session_id: 'one',
    hook_event_name: 'PreToolUse',
    tool_name: tool,
    tool_input: input,
    tool_use_id: 'toolu_1',
    ...more,
  }
}

interface Settings {
  hooks: Record<string, { hooks: { command: string; onFailure?: string }[] }[]>
}

test('a client’s own tools are asked about, decided and recorded; INV-2 what cannot be asked is blocked', async (t) => {
  const bailiwick = await Bailiwick.start()
  t.after(() => bailiwick[Symbol.asyncDispose]())
  const home = folder(t)
  const path = join(home, '.claude', 'settings.json')
  mkdirSync(join(home, '.claude'), { mode: 0o700 })
  writeFileSync(path, SETTINGS)
  const run = async (...args: string[]): Promise<Ended> => {
    await using child = bailiwick.spawnCli(args, { HOME: home })
    child.say('')
    return await child.ended
  }
  const done = await run(
    'connect',
    'claude-code',
    '--hooks',
    '--user',
    '--observe',
    'none',
    '--yes',
  )
  assert.equal(done.code, 0, done.stderr)
  assert.match(done.stdout, /advice, not enforcement/)
  await bailiwick.apply(POLICY)
  const after = readFileSync(path, 'utf8')
  assert.match(after, /\/\/ my own/)
  assert.match(after, /\/\/ keep/)
  const stripped = after.replaceAll(/\/\/.*$/gm, '').replaceAll(/,(\s*[\]}])/g, '$1')
  const { hooks } = JSON.parse(stripped) as Settings
  const [own, ours] = hooks['PreToolUse']!
  assert.equal(own?.hooks[0]?.command, 'true')
  assert.equal(ours?.hooks[0]?.onFailure, 'block')
  const { command } = ours!.hooks[0]!
  const twice = await run('connect', 'claude-code', '--hooks', '--user', '--yes')
  assert.equal(twice.code, 0, twice.stderr)
  assert.equal(readFileSync(path, 'utf8'), after)

  const read = await asked(command, use('Read', { file_path: '/etc/hosts' }), home)
  assert.equal(read.code, 0, read.stderr)
  assert.deepEqual(JSON.parse(read.stdout), {})
  const told = await asked(
    command,
    use('Read', {}, { hook_event_name: 'PostToolUse', tool_response: { success: true } }),
    home,
  )
  assert.equal(told.code, 0, told.stderr)

  const git = await asked(command, use('Bash', { command: 'git status' }), home)
  assert.equal(git.code, 0, git.stderr)
  const rm = await asked(command, use('Bash', { command: 'rm -rf /' }), home)
  assert.equal(rm.code, 2)
  const reply = JSON.parse(rm.stdout) as { hookSpecificOutput: Record<string, string> }
  assert.equal(reply.hookSpecificOutput['permissionDecision'], 'deny')
  assert.match(rm.stderr, /policy\.denied/)
  const unknown = await asked(command, use('Teleport', {}), home)
  assert.equal(unknown.code, 2)
  assert.match(unknown.stderr, /connect claude-code --hooks/)
  const foreign = await asked(command, use('mcp__github__echo', {}), home)
  assert.equal(foreign.code, 0)
  for (const broken of ['', 'no json', '[]', '{"hook_event_name":1}', '{"a":1,"a":2}']) {
    assert.equal((await asked(command, broken, home)).code, 2, broken)
  }

  const intents = await bailiwick.records('call.intent')
  const actions = intents.map(({ record }) => `${record.system}/${record.action}`)
  assert.deepEqual(actions.toSorted(), ['claude-code/Bash', 'claude-code/Read'])
  const instances = new Set(intents.map(({ record }) => record.instance))
  assert.equal(instances.size, 1, 'one session is one instance')
  const outcomes = await bailiwick.records('call.outcome')
  assert.deepEqual(
    outcomes.map(({ record }) => [record.action, record.body['status'], record.body['claimed_by']]),
    [['Read', 'ok', 'claude-code']],
  )

  const other = await asked(command, { ...use('Read', {}), session_id: 'two' }, home)
  assert.equal(other.code, 0, other.stderr)
  const all = new Set((await bailiwick.records('call.intent')).map(({ record }) => record.instance))
  assert.equal(all.size, 2, 'another session is another instance')

  const gone = await asked(
    command.replaceAll('/bin/bailiwick', '/bin/no-bailiwick'),
    use('Read', {}),
    home,
  )
  assert.equal(gone.code, 2, 'a program that is not there blocks')

  const back = await run('disconnect', 'claude-code', '--yes')
  assert.equal(back.code, 0, back.stderr)
  assert.equal(readFileSync(path, 'utf8'), SETTINGS)

  await bailiwick.stop()
  const down = await asked(command, use('Read', { file_path: '/etc/hosts' }), home)
  assert.equal(down.code, 2)
  assert.match(down.stderr, /blocked/)
  assert.ok(existsSync(path))
})
