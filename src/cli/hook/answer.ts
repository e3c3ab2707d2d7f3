// Holds the answering of one hook: read, handed to the process that holds the session's identity, and answered; any failure is a denial.

import { spawn } from 'node:child_process'
import { mkdirSync, rmSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { hex, sha256 } from '../../std/bytes.ts'
import { Fault, publicFault } from '../../std/fault.ts'
import { isName } from '../../std/id.ts'
import { parseJson, stringifyJson, type JsonLimits } from '../../std/json.ts'
import { isHookClient, type HookClient } from '../../wire/client.ts'
import { readHookAnswer, replyOf, type HookAnswer } from '../../wire/hook.ts'
import { PROGRAM } from '../connect/bridge-entry.ts'
import { CONNECT_FAULTS, fault } from '../connect/faults.ts'
import type { Context } from '../context.ts'

/** Bytes of a hook, as many as the gateway takes. */
const MOST_BYTES = 1_048_576
/** How long a client may take to say what it has to (ms). */
const READ_MS = 5_000
/** How long an answer may take (ms): longer than the gateway waits for a person, shorter than clients wait for us. */
const ANSWER_MS = 60_000
/** How long the process that holds the identity may take to listen (ms), and how often it is looked for. */
const START_MS = 15_000
const LOOK_MS = 15

const LIMITS: JsonLimits = { bytes: MOST_BYTES, depth: 128, values: 200_000, keys: 'exact' }

/** Runs the command. Denied, or failed, it throws what says so, and its exit code blocks. */
export async function answerHook(
  context: Context,
  client: string,
  options: { readonly as: string },
): Promise<void> {
  const known = isHookClient(client) ? client : 'claude-code'
  const { screen } = context
  let answer: HookAnswer
  try {
    if (!isHookClient(client)) throw fault('connect.hooks', 'no hooks of such a client are known')
    if (!isName(options.as)) throw fault('connect.hooks', '--as is no name of an agent')
    answer = await answered(context, client, options.as)
  } catch (error) {
    // Nobody foresaw it, and it is none the less a denial.
    const { detail, next } = publicFault(error)
    const reason = `bailiwick could not be asked, so this is blocked: ${detail}; next: ${next}`
    screen.data(`${stringifyJson(replyOf(known, { decision: 'deny', reason }))}\n`)
    throw denied(reason, error)
  }
  screen.data(`${stringifyJson(answer.reply)}\n`)
  if (answer.decision === 'deny') throw denied(answer.reason ?? 'denied')
}

function denied(reason: string, cause?: unknown): Fault {
  return new Fault('hook.denied', CONNECT_FAULTS['hook.denied'], reason, cause)
}

async function answered(context: Context, client: HookClient, agent: string): Promise<HookAnswer> {
  const event = await readEvent(context)
  const path = socketPath(context.home, client, agent, sessionOf(event))
  const text = await handedOver(context, { client, agent, path, event })
  const answer = readHookAnswer(parseJson(text, LIMITS))
  if (answer === undefined) throw fault('hook.failed', 'the answer makes no sense')
  return answer
}

/** The event as the client wrote it. */
async function readEvent({ shell }: Context): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  let late = false
  const forget = shell.timer.after(READ_MS, () => {
    late = true
    shell.stdin.destroy()
  })
  try {
    for await (const chunk of shell.stdin as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > MOST_BYTES) throw fault('hook.failed', 'the event is larger than 1 MiB')
      chunks.push(chunk)
    }
  } catch (error) {
    if (!late) throw error
  } finally {
    forget()
  }
  if (late) throw fault('hook.failed', 'the event did not come in time')
  return Buffer.concat(chunks)
}

/** What the client calls its session; sessions that are not told apart share an instance. */
function sessionOf(event: Uint8Array): string {
  const tree = parseJson(event, LIMITS)
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) return ''
  const members = tree as Readonly<Record<string, unknown>>
  const found = ['session_id', 'conversation_id', 'sessionId']
    .map((name) => members[name])
    .find((value) => typeof value === 'string')
  return typeof found === 'string' ? found.slice(0, 256) : ''
}

/** Where the session's process listens: in a folder of the home that is this account's alone. */
function socketPath(home: string, client: string, agent: string, session: string): string {
  const folder = join(home, 'hooks')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { mode, uid } = statSync(folder)
  if ((mode & 0o077) !== 0 || (process.getuid !== undefined && uid !== process.getuid())) {
    throw fault('hook.failed', `${folder} is open to others`)
  }
  const key = hex(sha256([client, agent, session].join('\0'))).slice(0, 24)
  const path = join(folder, key)
  // Unix has room for about a hundred bytes; beyond, the name would be cut and be another's.
  if (Buffer.byteLength(path) > 100) {
    throw fault('hook.failed', 'the path of the home is too long for a socket')
  }
  return path
}

interface HandOver {
  readonly client: HookClient
  readonly agent: string
  readonly path: string
  readonly event: Uint8Array
}

async function handedOver(context: Context, of: HandOver): Promise<Buffer> {
  const { shell } = context
  const until = shell.clock.monotonic() + START_MS
  for (let started = false; ;) {
    const code = await exchange(of)
    if (Buffer.isBuffer(code)) return code
    if (code !== 'ENOENT' && code !== 'ECONNREFUSED') {
      throw fault('hook.failed', `the process of this session cannot be reached (${code})`)
    }
    if (!started) {
      // Nobody listens where a file is: whoever did has gone.
      if (code === 'ECONNREFUSED') rmSync(of.path, { force: true })
      start(context, of)
      started = true
    }
    if (shell.clock.monotonic() > until) {
      throw fault('hook.failed', 'the process of this session did not start')
    }
    // The timer of the shell keeps no process alive, and nothing else does here.
    await pause(LOOK_MS)
  }
}

/** Starts the process that has the identity of this session, and outlives us. */
function start({ home, shell }: Context, { client, agent, path }: HandOver): void {
  const args = ['--home', home, 'hook', client, '--as', agent, '--hold', path]
  spawn(PROGRAM, args, {
    detached: true,
    stdio: 'ignore',
    cwd: home,
    env: { ...shell.env },
  })
    .on('error', () => undefined)
    .unref()
}

/** One event and its answer; the code of the system where nobody was reached. */
function exchange({ path, event }: HandOver): Promise<Buffer | string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const socket = connect({ path })
    socket.setTimeout(ANSWER_MS, () => socket.destroy(fault('hook.failed', 'no answer in time')))
    socket.on('connect', () => socket.end(event))
    socket.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > MOST_BYTES) socket.destroy(fault('hook.failed', 'the answer is too large'))
      else chunks.push(chunk)
    })
    socket.on('end', () => resolve(Buffer.concat(chunks)))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error instanceof Fault || error.code === undefined) reject(error)
      else resolve(error.code)
    })
    socket.on('close', () => reject(fault('hook.failed', 'the process of this session broke off')))
  })
}
