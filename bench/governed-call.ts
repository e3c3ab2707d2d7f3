// Holds the bench `governed-call`: what governing adds to a call, and how many calls a second it takes beside nginx.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Stack } from '../src/server/stack.ts'
import { Child } from './child.ts'
import { fdatasyncTimes } from './disk.ts'
import type { Cpu, GatewayOrder } from './governed/gateway-process.ts'
import type { Seen } from './governed/load.ts'
import type { LoadOrder, TargetName } from './governed/load-process.ts'
import { startNginx } from './governed/nginx.ts'
import { setUp } from './governed/setting.ts'
import { median, quantile, rounded } from './sample.ts'

const RUNS = 5
const LANES = 32
const PER_SECOND = 500
const OPEN_SECONDS = 5
const CLOSED_SECONDS = 3
const WARM_SECONDS = 6

/** Set to a folder, it makes the gateway's process write profiles there (`node --cpu-prof`), one for each thread. */
const PROFILE = process.env['BAILIWICK_BENCH_PROFILE']

interface Run {
  /** At the fixed rate. */
  readonly direct: Seen
  readonly governed: Seen
  /** As many as there can be. */
  readonly most: Seen
  readonly nginx: Seen
  /** Used while `most` ran. */
  readonly cpu: Cpu
  readonly disk: readonly number[]
}

interface Urls {
  readonly identity: string
  readonly gateway: string
}

/**
 * What is compared. Governed: a call over an open connection with mutual TLS to a whole Bailiwick, decided for the person and
 * the agent by twenty policies, intent durable on this disk before the upstream hears of it, outcome recorded, log sequenced
 * and signed meanwhile. Direct: the same call to the same program over its standard streams, from the same generator. The
 * difference of their medians and of their 99th percentiles is what is added, at 500 calls a second whatever happens.
 *
 * Throughput is at 32 connections, each with one call under way, beside nginx as a plain reverse proxy that neither
 * encrypts, nor decides, nor records, in front of a bare `node:http` server with answers of the same size; one client for
 * both. It is turn about in every run, and the ratio is that run's own.
 *
 * What is not compared: handshakes (connections live long), official SDKs at either end (they cost more than everything
 * here), held calls, several instances. Generator, gateway and upstream share the machine's cores, so absolute rates are
 * those of this crowd; the processor time per call is the gateway's alone, all of its threads.
 */
export async function governedCall(closing: Stack): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'bailiwick-bench-'))
  closing.push(() => rmSync(folder, { recursive: true, force: true }))
  const child = (program: URL, args: readonly string[], flags: readonly string[] = []): Child => {
    const started = new Child(program, args, flags)
    closing.push(() => started.close())
    return started
  }
  const home = join(folder, 'home')
  const profile = PROFILE === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${PROFILE}`]
  const program = new URL('./governed/gateway-process.ts', import.meta.url)
  const gateway = child(program, [home], profile)
  const urls = await gateway.order<Urls>({ do: 'urls' } satisfies GatewayOrder)
  const token = await setUp(home)
  const bare = child(new URL('./governed/bare-http.ts', import.meta.url), [])
  const nginx = await startNginx(join(folder, 'nginx'), await bare.order<number>({}))
  closing.push(() => nginx.close())
  const load = child(new URL('./governed/load-process.ts', import.meta.url), [])
  const connect = { do: 'connect', token, ...urls, nginxPort: nginx.port, lanes: LANES } as const
  await load.order<null>(connect satisfies LoadOrder)
  for (const to of ['direct', 'governed', 'nginx'] as const) await closed(load, to, WARM_SECONDS)
  const runs: Run[] = []
  for (let run = 0; run < RUNS; run++) runs.push(await measure(load, gateway, folder))
  return figures(runs)
}

function open(load: Child, to: TargetName): Promise<Seen> {
  return load.order<Seen>({
    do: 'open',
    to,
    perSecond: PER_SECOND,
    seconds: OPEN_SECONDS,
  } satisfies LoadOrder)
}

function closed(load: Child, to: TargetName, seconds: number): Promise<Seen> {
  return load.order<Seen>({ do: 'closed', to, seconds } satisfies LoadOrder)
}

/** One run: everything once, what is compared next to each other. */
async function measure(load: Child, gateway: Child, folder: string): Promise<Run> {
  const cpu = (): Promise<Cpu> => gateway.order<Cpu>({ do: 'cpu' } satisfies GatewayOrder)
  const disk = fdatasyncTimes(folder)
  const direct = await open(load, 'direct')
  const governed = await open(load, 'governed')
  const nginx = await closed(load, 'nginx', CLOSED_SECONDS)
  const before = await cpu()
  const most = await closed(load, 'governed', CLOSED_SECONDS)
  const after = await cpu()
  const used = { process: after.process - before.process, main: after.main - before.main }
  return { direct, governed, most, nginx, cpu: used, disk }
}

function figures(runs: readonly Run[]): Record<string, number> {
  const of = (take: (run: Run) => number, decimals = 3): number =>
    rounded(median(runs.map(take)), decimals)
  return {
    runs: runs.length,
    added_p50_ms: of(({ governed, direct }) => governed.p50 - direct.p50),
    added_p99_ms: of(({ governed, direct }) => governed.p99 - direct.p99),
    calls_per_s: of(({ most }) => most.perSecond, 0),
    ratio_nginx: of(({ most, nginx }) => most.perSecond / nginx.perSecond),
    direct_p50_ms: of(({ direct }) => direct.p50),
    direct_p99_ms: of(({ direct }) => direct.p99),
    governed_p50_ms: of(({ governed }) => governed.p50),
    governed_p99_ms: of(({ governed }) => governed.p99),
    closed_p50_ms: of(({ most }) => most.p50),
    closed_p99_ms: of(({ most }) => most.p99),
    nginx_per_s: of(({ nginx }) => nginx.perSecond, 0),
    gateway_cpu_us: of(({ cpu, most }) => cpu.process / most.calls, 0),
    gateway_main_cpu_us: of(({ cpu, most }) => cpu.main / most.calls, 0),
    fdatasync_p50_ms: of(({ disk }) => quantile(disk, 0.5)),
    fdatasync_p99_ms: of(({ disk }) => quantile(disk, 0.99)),
  }
}
