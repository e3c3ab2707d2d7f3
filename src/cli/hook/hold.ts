// Holds the process of one session of a client: it has the identity, and asks the gateway for hooks that come and go.

import { chmodSync, existsSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { request, type Dispatcher } from 'undici'
import { publicFault } from '../../std/fault.ts'
import { parseJson, RESPONSE_LIMITS, stringifyJson, type Json } from '../../std/json.ts'
import { isHookClient } from '../../wire/client.ts'
import { HOOK_MEDIA, readHookAnswer, replyOf, type HookAnswer } from '../../wire/hook.ts'
import { fault } from '../connect/faults.ts'
import type { Context } from '../context.ts'
import { operatorEnrolment } from '../enrolment.ts'
import { Session } from '../mcp/session.ts'

/** Without a hook for this long the session counts as over (ms). */
const IDLE_MS = 1_800_000
/** How often it looks whether it can still be found (ms): who took its socket away wants it to end. */
const LOOK_MS = 5_000
/** Bytes of an event. */
const MOST_BYTES = 1_048_576
/** Events under way at once; more are answered with a denial. */
const MOST = 64
/** How long the gateway may take (ms): it waits for a person for less. */
const ANSWER_MS = 55_000

/** What is held. */
interface Held {
  readonly context: Context
  readonly client: Parameters<typeof replyOf>[0]
  readonly session: Session
}

/** Runs until nothing was asked for a while, or the process is ended. */
export async function holdSession(
  context: Context,
  client: string,
  { agent, socket }: { readonly agent: string; readonly socket: string },
): Promise<void> {
  if (!isHookClient(client)) throw fault('connect.hooks', 'no hooks of such a client are known')
  const { shell } = context
  const intent = `interactive work in ${client}`
  const usually = { intent, allow: [{ action: `${client}/*` }] }
  const session = new Session(operatorEnrolment(context, agent, { usually }), () => undefined)
  const held: Held = { context, client, session }
  let forget = (): void => undefined
  let open = 0
  const server = createServer({ allowHalfOpen: true })
  const idle = new Promise<void>((resolve) => {
    const wait = (): void => {
      forget()
      forget = shell.timer.after(IDLE_MS, resolve)
    }
    server.on('connection', (peer) => {
      wait()
      open++
      peer.on('close', () => open--)
      serve(held, peer, open > MOST).catch(() => peer.destroy())
    })
    shell.interrupted.addEventListener('abort', () => resolve(), { once: true })
    wait()
  })
  await listen(server, socket)
  const stop = new AbortController()
  try {
    await Promise.race([idle, vanished(context, socket, stop.signal)])
  } finally {
    forget()
    stop.abort()
    // Before it stops listening: whoever comes now starts another.
    rmSync(socket, { force: true })
    server.close()
    await session.close()
  }
}

/** Resolves when the socket is no longer where it was put. */
function vanished({ shell }: Context, socket: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (signal.aborted || !existsSync(socket)) resolve()
      else shell.timer.after(LOOK_MS, look)
    }
    look()
  })
}

async function listen(server: Server, path: string): Promise<void> {
  // Nobody else may connect, not even before the mode is set.
  const before = process.umask(0o177)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
  } finally {
    process.umask(before)
  }
  chmodSync(path, 0o600)
}

async function serve(held: Held, peer: Socket, busy: boolean): Promise<void> {
  peer.on('error', () => undefined)
  let answer: HookAnswer
  try {
    if (busy) throw fault('hook.failed', 'too many hooks are under way')
    answer = await asked(held, await whole(peer))
  } catch (error) {
    const { detail, next } = publicFault(error)
    const reason = `bailiwick could not be asked, so this is blocked: ${detail}; next: ${next}`
    answer = { decision: 'deny', reason, reply: replyOf(held.client, { decision: 'deny', reason }) }
  }
  peer.end(stringifyJson({ ...answer } as unknown as Json))
}

async function whole(peer: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of peer.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MOST_BYTES) throw fault('hook.failed', 'the event is larger than 1 MiB')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Asks the gateway; an identity that it no longer knows is had anew, once. */
async function asked({ client, session }: Held, event: Buffer): Promise<HookAnswer> {
  for (let again = false; ; again = true) {
    const enrolled = await session.live()
    const { gateway, holder, task } = enrolled
    const { statusCode, body } = await request(`${gateway}/hooks/${client}`, {
      dispatcher: holder.dispatcher(),
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: HOOK_MEDIA,
        ...(task !== undefined && { 'bailiwick-task': task }),
      },
      body: event,
      headersTimeout: ANSWER_MS,
      bodyTimeout: ANSWER_MS,
    })
    const tree = parseJson(await bounded(body), RESPONSE_LIMITS)
    if (statusCode === 401 && !again) {
      session.drop(enrolled)
      continue
    }
    const answer = statusCode === 200 ? readHookAnswer(tree) : undefined
    if (answer === undefined) throw fault('hook.failed', `the gateway answered with ${statusCode}`)
    return answer
  }
}

async function bounded(body: Dispatcher.ResponseData['body']): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MOST_BYTES) throw fault('hook.failed', 'the answer is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
