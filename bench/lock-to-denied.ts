// Holds the bench `lock-to-denied`: how long after a lock nothing of the agent goes through any more, over three gateways under load.

import type { Stack } from '../src/server/stack.ts'
import { LockShown } from '../src/wire/api/lock.ts'
import { Fleet } from './fleet/fleet.ts'
import { lockMany } from './fleet/locks.ts'
import { get, Load, openStream, type Open, type Tried } from './fleet/load.ts'
import { quantile, rounded } from './sample.ts'

const GATEWAYS = 3
const PER_SECOND = Number(process.env['BENCH_CALLS'] ?? 200)
const STREAMS = 50
const ROUNDS = 20
const WARM_MS = 15_000
/** Streams that say something twice a second: what they say is not what is measured. */
const SLOW = { slowness: 10 }
/** Locks in force on others in the second half, and partitions of one gateway. */
const MANY = Number(process.env['BENCH_LOCKS'] ?? 100_000)
const PARTITIONS = 3

/** What one lock came to. */
interface Round {
  /** Calls before the lock that did not go through: more than a few, and the machine cannot take this load. */
  readonly refused: number
  /** Of each gateway: from when the command was sent until the last call was sent that went through (ms). */
  readonly last: readonly number[]
  /** The same, until it reached the system. */
  readonly reached: number
  /** Of each stream: from when the command was sent until it ended. */
  readonly cut: readonly number[]
  /** Of each gateway: from when it was in force at control until the gateway's signed word of it was there. */
  readonly confirmed: readonly number[]
  /** How long the command itself took. */
  readonly command: number
}

/**
 * What is measured: an agent calls by way of each of three gateways, so many times a second whatever happens, and holds fifty streams
 * open; one command locks it. From the sending of that command on, the clock runs: what counts is the last call that was sent and went
 * through, and when each stream ended. Control, gateways, the system and the load share the machine's cores.
 *
 * Under partition: the relay of one gateway passes nothing on, silently, from before the lock; calls go on by way of it until its lease is
 * over. With many locks: the same with 100,000 locks on others in force.
 */
export async function lockToDenied(closing: Stack): Promise<Record<string, number>> {
  const few = await Fleet.start(GATEWAYS, {}, undefined, SLOW)
  closing.push(() => few.close())
  await warm(few)
  const rounds = await manyRounds(few, ROUNDS)
  const partitions = await partitioned(few)
  await few.close()
  const many = await Fleet.start(GATEWAYS, {}, (home) => lockMany(home, MANY), SLOW)
  closing.push(() => many.close())
  await warm(many)
  const crowded = await manyRounds(many, ROUNDS / 2)
  const last = rounds.flatMap((round) => round.last)
  const cut = rounds.flatMap((round) => round.cut)
  const of = (values: readonly number[], at: number): number => rounded(quantile(values, at))
  return {
    rounds: rounds.length,
    calls_per_s: PER_SECOND * GATEWAYS,
    refused_before: rounds.reduce((sum, round) => sum + round.refused, 0),
    p50_ms: of(last, 0.5),
    p99_ms: of(last, 0.99),
    worst_ms: rounded(Math.max(...last)),
    reached_worst_ms: rounded(Math.max(...rounds.map(({ reached }) => reached))),
    stream_cut_p50_ms: of(cut, 0.5),
    stream_cut_p99_ms: of(cut, 0.99),
    stream_cut_worst_ms: rounded(Math.max(...cut)),
    confirmed_p99_ms: of(
      rounds.flatMap(({ confirmed }) => confirmed),
      0.99,
    ),
    command_p50_ms: of(
      rounds.map(({ command }) => command),
      0.5,
    ),
    partition_worst_ms: rounded(Math.max(...partitions)),
    locks: MANY,
    locks_p50_ms: of(
      crowded.flatMap((round) => round.last),
      0.5,
    ),
    locks_p99_ms: of(
      crowded.flatMap((round) => round.last),
      0.99,
    ),
    locks_stream_cut_p99_ms: of(
      crowded.flatMap((round) => round.cut),
      0.99,
    ),
  }
}

/** What was lifted at control is lifted at every gateway a moment later. */
async function allGoThrough({ holder, posts }: Fleet): Promise<void> {
  for (const post of posts) {
    while ((await get(post, holder, '/http/api/items/1')).status !== 200) await pause(20)
  }
}

/** Has every process compile what it runs, at a third of the rate and then at two. */
async function warm({ holder, posts }: Fleet): Promise<void> {
  for (const part of [3, 1.5]) {
    const loads = posts.map((post) => new Load(post, holder, PER_SECOND / part))
    for (const load of loads) load.start()
    await pause(WARM_MS)
    for (const load of loads) await load.stop()
  }
}

async function manyRounds(fleet: Fleet, count: number): Promise<Round[]> {
  const rounds: Round[] = []
  for (let n = 0; n < count + 1; n++) {
    const round = await lockOnce(fleet)
    // The first one warms everything up.
    if (n > 0) rounds.push(round)
  }
  return rounds
}

async function lockOnce(fleet: Fleet): Promise<Round> {
  const { holder, posts, upstream } = fleet
  await allGoThrough(fleet)
  const streams: Open[] = []
  // Before the load: what is measured is how they end.
  for (let n = 0; n < STREAMS; n++) streams.push(await openStream(posts[n % GATEWAYS]!, holder))
  const loads = posts.map((post) => new Load(post, holder, PER_SECOND))
  for (const load of loads) load.start()
  await pause(1_500)
  upstream.arrived.length = 0
  const sent = performance.now()
  const lock = await fleet.lock()
  const command = performance.now() - sent
  const ended = await Promise.all(streams.map((stream) => stream.ended))
  await pause(500)
  for (const load of loads) await load.stop()
  const confirmed = await confirmations(fleet, lock.id)
  await fleet.unlock(lock.id)
  return {
    refused: loads.flatMap(({ tried }) => tried.filter((one) => isRefused(one, sent))).length,
    last: loads.map((load) => lastThrough(load, sent)),
    reached: Math.max(0, ...upstream.arrived.map(({ at }) => at - sent)),
    cut: ended.map((at) => at - sent),
    confirmed,
    command,
  }
}

function isRefused({ sentAt, status }: Tried, sent: number): boolean {
  return status !== 200 && sentAt < sent - 100
}

/** When the last call was sent that went through, after the command was (ms); 0 where none was. */
function lastThrough({ tried }: Load, sent: number): number {
  const through = tried.filter(({ sentAt, status }) => status === 200 && sentAt >= sent)
  if (tried.every(({ status }) => status !== 200)) throw new Error('no call went through at all')
  return Math.max(0, ...through.map(({ sentAt }) => sentAt - sent))
}

async function confirmations(fleet: Fleet, lock: string): Promise<number[]> {
  const { gateways } = await fleet.control.get(`/v1/locks/${lock}`, LockShown)
  const after = gateways.flatMap(({ after_ms: ms }) => ms ?? [])
  if (after.length !== GATEWAYS) throw new Error('a gateway has not confirmed the lock')
  return after
}

/** The last call that went through by way of a gateway that hears nothing, after the lock (ms). */
async function partitioned(fleet: Fleet): Promise<number[]> {
  const worst: number[] = []
  const post = fleet.posts[0]!
  for (let n = 0; n < PARTITIONS; n++) {
    const load = new Load(post, fleet.holder, PER_SECOND)
    load.start()
    const stream = await openStream(post, fleet.holder)
    await pause(500)
    fleet.upstream.arrived.length = 0
    post.relay.silence(true)
    const sent = performance.now()
    const lock = await fleet.lock()
    const cut = (await stream.ended) - sent
    await pause(500)
    await load.stop()
    const reached = Math.max(0, ...fleet.upstream.arrived.map(({ at }) => at - sent))
    worst.push(Math.max(reached, cut))
    post.relay.silence(false)
    await fleet.connected()
    await fleet.unlock(lock.id)
  }
  return worst
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
