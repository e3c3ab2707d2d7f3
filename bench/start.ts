// Holds the bench `start`: how soon a Bailiwick answers after it was started, and how much memory it keeps when idle.

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Stack } from '../src/server/stack.ts'
import { systemClock } from '../src/std/clock.ts'
import { median, rounded } from './sample.ts'

const RUNS = 5
/** How long the process is left alone before its memory is read (ms). */
const IDLE_MS = 4_000
/** How long it may take to start (ms). */
const START_MS = 60_000
/** How often a listener that does not answer yet is asked (ms): the figure is late by half of it. */
const ASK_MS = 5

interface Started {
  readonly readyMs: number
  readonly child: ChildProcess
  /** Everything that it has written so far. */
  output(): string
}

interface Memory {
  /** Resident, with what other processes of the same Node share. */
  readonly rss: number
  /** Resident, shared pages divided among those who share them. */
  readonly pss: number
}

interface Run {
  readonly dev: number
  readonly fresh: number
  readonly existing: number
  readonly memory: Memory
  readonly serveMemory: Memory
}

/**
 * Ready is: from the start of the process until `GET /healthz` was answered by all three listeners, TLS handshakes included.
 * `ready_ms` is `dev --no-tour` in a home that is not there yet, which makes its keys, its root and its first segment of the
 * log; the others are `serve` in a new home, and in the one that `dev` left. The memory is that of our own process while it
 * idles after `dev` has pinned its two servers, which by then have ended: resident set size from /proc, in MiB.
 */
export async function start(closing: Stack): Promise<Record<string, number>> {
  const runs: Run[] = []
  for (let run = 0; run < RUNS; run++) runs.push(await measure(closing))
  const of = (take: (run: Run) => number): number => rounded(median(runs.map(take)), 0)
  return {
    runs: runs.length,
    ready_ms: of(({ dev }) => dev),
    rss_mb: of(({ memory }) => memory.rss),
    pss_mb: of(({ memory }) => memory.pss),
    serve_fresh_ms: of(({ fresh }) => fresh),
    serve_existing_ms: of(({ existing }) => existing),
    serve_rss_mb: of(({ serveMemory }) => serveMemory.rss),
    serve_pss_mb: of(({ serveMemory }) => serveMemory.pss),
  }
}

async function measure(closing: Stack): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'bailiwick-bench-'))
  closing.push(() => rmSync(folder, { recursive: true, force: true }))
  try {
    const dev = await launch(closing, ['dev', '--no-tour'], join(folder, 'dev'))
    await said(dev, 'It stays up')
    await wait(IDLE_MS)
    const memory = memoryOf(dev.child)
    await end(dev.child)
    const existing = await launch(closing, ['serve'], join(folder, 'dev'))
    await end(existing.child)
    const fresh = await launch(closing, ['serve'], join(folder, 'serve'))
    await wait(IDLE_MS)
    const serveMemory = memoryOf(fresh.child)
    await end(fresh.child)
    const { readyMs: devMs } = dev
    return { dev: devMs, fresh: fresh.readyMs, existing: existing.readyMs, memory, serveMemory }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Starts a command on free ports and waits until all listeners answer. */
async function launch(closing: Stack, command: readonly string[], home: string): Promise<Started> {
  const ports = await freePorts(3)
  const [control = 0, identity = 0, gateway = 0] = ports
  const flags = ['control', 'identity', 'gateway'].flatMap((n, i) => [`--${n}-port`, `${ports[i]}`])
  const program = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
  const begun = systemClock.monotonic()
  const child = spawn(process.execPath, [program, ...command, '--home', home, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] },
  })
  closing.push(() => end(child))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')))
  }
  const started = { child, output: () => output }
  await Promise.all([
    answers(started, begun, () => healthy(requestHttp, control)),
    answers(started, begun, () => healthy(requestHttps, identity)),
    answers(started, begun, () => healthy(requestHttps, gateway)),
  ])
  return { ...started, readyMs: systemClock.monotonic() - begun }
}

/** Asks until the answer is yes. */
async function answers(
  started: Pick<Started, 'child' | 'output'>,
  begun: number,
  ask: () => Promise<boolean>,
): Promise<void> {
  while (!(await ask())) {
    const late = systemClock.monotonic() - begun > START_MS
    if (late || started.child.exitCode !== null) throw new Error(`no start: ${started.output()}`)
    await wait(ASK_MS)
  }
}

function said(started: Started, text: string): Promise<void> {
  const ask = (): Promise<boolean> => Promise.resolve(started.output().includes(text))
  return answers(started, systemClock.monotonic(), ask)
}

/** Whether a listener answers 200. Its certificate is not looked at: this asks whether it is there, and trusts it nothing. */
function healthy(request: typeof requestHttp, port: number): Promise<boolean> {
  const options = { host: '127.0.0.1', port, path: '/healthz', agent: false }
  return new Promise((resolve) => {
    const asked = request({ ...options, rejectUnauthorized: false } as typeof options, (answer) => {
      answer.resume()
      answer.once('end', () => resolve(answer.statusCode === 200))
    })
    asked.once('error', () => resolve(false))
    asked.end()
  })
}

/** Ports that are free now. Another program could take one before it is used; then the start fails and says so. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
  child.kill('SIGTERM')
  await exit
  clearTimeout(timer)
}

/** Memory of one process in MiB, as the kernel counts it. */
function memoryOf({ pid }: ChildProcess): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const kib = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1])
  return { rss: kib('Rss') / 1_024, pss: kib('Pss') / 1_024 }
}
