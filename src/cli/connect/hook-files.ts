// Holds the hooks of clients in their settings: written so that a failure blocks, and taken out again.

import { join } from 'node:path'
import { base64url, digest } from '../../std/bytes.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { HookClient } from '../../wire/client.ts'
import { isHookClient } from '../../wire/client.ts'
import { Connection, type NewConnection } from '../../wire/api/connection.ts'
import { InspectAnswer, System } from '../../wire/api/system.ts'
import type { Context } from '../context.ts'
import type { Control } from '../control/control.ts'
import { PROGRAM } from './bridge-entry.ts'
import { sameTree } from './document.ts'
import { fault } from './faults.ts'
import { bytesOf, readConfig, replaceConfig } from './file.ts'
import { JsoncDocument } from './jsonc.ts'
import { toolsDocument } from './tools/document.ts'

/** How long clients wait for us (s): longer than our own command waits, so that it is the one that blocks. */
const TIMEOUT_S = 90

/** Where a client keeps its hooks, and what is put there. */
interface HookFile {
  readonly path: (home: string, env: Readonly<Record<string, string | undefined>>) => string
  /** Members that the file has to have besides. */
  readonly version?: number
  /** What is appended to the list of each event. */
  readonly hooks: (command: string) => Readonly<Record<string, JsonObject>>
}

/** A group of Claude Code's form: every tool, one command. */
function group(command: string, more: JsonObject = {}): JsonObject {
  return { hooks: [{ type: 'command', command, timeout: TIMEOUT_S, ...more }] }
}

const FILES: Readonly<Partial<Record<HookClient, HookFile>>> = {
  'claude-code': {
    path: (home, env) => join(env['CLAUDE_CONFIG_DIR'] ?? join(home, '.claude'), 'settings.json'),
    // Without it a hook that cannot run is passed over.
    hooks: (command) => ({
      PreToolUse: group(command, { onFailure: 'block' }),
      PostToolUse: group(command),
    }),
  },
  codex: {
    path: (home, env) => join(env['CODEX_HOME'] ?? join(home, '.codex'), 'hooks.json'),
    hooks: (command) => ({ PreToolUse: group(command), PostToolUse: group(command) }),
  },
  cursor: {
    path: (home) => join(home, '.cursor', 'hooks.json'),
    version: 1,
    hooks: (command) => ({
      preToolUse: { command, timeout: TIMEOUT_S, failClosed: true },
      postToolUse: { command, timeout: TIMEOUT_S },
    }),
  },
  gemini: {
    path: (home) => join(home, '.gemini', 'settings.json'),
    // Milliseconds here.
    hooks: (command) => ({
      BeforeTool: { hooks: [{ type: 'command', command, timeout: TIMEOUT_S * 1_000 }] },
      AfterTool: { hooks: [{ type: 'command', command, timeout: TIMEOUT_S * 1_000 }] },
    }),
  },
  vscode: {
    path: (home) => join(home, '.copilot', 'hooks', 'bailiwick.json'),
    version: 1,
    hooks: (command) => ({
      preToolUse: { type: 'command', bash: command, timeoutSec: TIMEOUT_S },
      postToolUse: { type: 'command', bash: command, timeoutSec: TIMEOUT_S },
    }),
  },
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`
}

/** The command of a hook: by its absolute path, and blocking even where it is no longer there (a shell's 127 does not block). */
function hookCommand(home: string, client: string, agent: string): string {
  return `${quoted(PROGRAM)} --home ${quoted(home)} hook ${client} --as ${agent} || exit 2`
}

/** True for a hook of ours, in whichever form. */
function isOurs(value: Json): boolean {
  if (!isObject(value)) return false
  const { command, bash, hooks } = value
  const ours = [command, bash].some(
    (text) =>
      typeof text === 'string' && /\/bin\/bailiwick' --home '.*' hook [a-z-]+ --as /s.test(text),
  )
  return ours || (Array.isArray(hooks) && hooks.length > 0 && hooks.every(isOurs))
}

/** True where exactly these hooks of ours are there already. */
function has(text: string, hooks: Readonly<Record<string, JsonObject>>): boolean {
  const document = new JsoncDocument(text)
  return Object.entries(hooks).every(([event, hook]) => {
    const list = document.value(['hooks', event])
    const ours = Array.isArray(list) ? list.filter(isOurs) : []
    return ours.length === 1 && sameTree(ours[0], hook)
  })
}

/** The text of a file of settings with these hooks behind those that are there. */
function withHooks(text: string, file: HookFile, command: string): string {
  if (has(text, file.hooks(command))) return text
  let now = withoutHooks('', text)
  if (file.version !== undefined && new JsoncDocument(now).value(['version']) === undefined) {
    now = new JsoncDocument(now).with(['version'], file.version)
  }
  for (const [event, hook] of Object.entries(file.hooks(command))) {
    const document = new JsoncDocument(now)
    const there = document.value(['hooks', event])
    if (there !== undefined && !Array.isArray(there)) {
      throw fault('connect.unsafe', `the hooks of ${event} are no list`)
    }
    now = document.with(
      ['hooks', event, ...(there === undefined ? [] : [-1])],
      there === undefined ? [hook] : hook,
    )
  }
  return now
}

/** The text of a file of settings without our hooks; lists and objects that were ours alone go with them. */
export function withoutHooks(_path: string, text: string): string {
  let now = text
  const hooks = new JsoncDocument(now).value(['hooks'])
  if (hooks === undefined || !isObject(hooks)) return now
  for (const [event, list] of Object.entries(hooks)) {
    if (!Array.isArray(list) || !list.some(isOurs)) continue
    if (list.every(isOurs)) {
      now = new JsoncDocument(now).with(['hooks', event], undefined)
      continue
    }
    for (const [at, one] of [...list.entries()].reverse()) {
      if (isOurs(one)) now = new JsoncDocument(now).without(['hooks', event], at)
    }
  }
  const left = new JsoncDocument(now).value(['hooks'])
  const empty = left !== undefined && isObject(left) && Object.keys(left).length === 0
  return empty && now !== text ? new JsoncDocument(now).with(['hooks'], undefined) : now
}

/** Pins the client's tools under its name, unless they are so already. */
async function pinTools(control: Control, client: HookClient, reason: string): Promise<void> {
  const asked = {
    name: client,
    transport: { kind: 'external', source: 'tools' },
    document: toolsDocument(client),
  }
  const seen = await control.send('POST', '/v1/systems/inspect', asked, InspectAnswer)
  if (seen.pinned === seen.fingerprint) return
  const effects = seen.definition.actions.map((action) => [action.name, action.effects] as const)
  const body = {
    ...asked,
    effects: Object.fromEntries(effects),
    fingerprint: seen.fingerprint,
    reason,
  }
  await control.send('POST', '/v1/systems', body, System)
}

/** Pins the tools of a client and installs its hooks; answers the file. Throws `connect.hooks` for a client that is not known to have any. */
export async function connectHooks(
  context: Context,
  control: Control,
  {
    client,
    agent,
    reason,
  }: { readonly client: string; readonly agent: string; readonly reason: string },
): Promise<string> {
  const { env } = context.shell
  const file = isHookClient(client) ? FILES[client] : undefined
  if (file === undefined || !isHookClient(client)) {
    throw fault('connect.hooks', `${client} has no hooks that can be installed`)
  }
  await pinTools(control, client, reason)
  const config = readConfig(file.path(env['HOME'] ?? '/', env))
  const after = withHooks(config.text, file, hookCommand(context.home, client, agent))
  if (after === config.text) return config.path
  const bytes = bytesOf(config, after)
  const body: NewConnection = {
    client,
    agent,
    path: config.path,
    part: 'hooks',
    ...(config.bytes !== undefined && { before: base64url(config.bytes) }),
    after: digest(bytes),
    entries: [{ place: ['hooks'], system: client }],
  }
  await replaceConfig(config, bytes, {
    entropy: context.shell.entropy,
    before: () => control.send('POST', '/v1/connections', body, Connection),
  })
  return config.path
}
