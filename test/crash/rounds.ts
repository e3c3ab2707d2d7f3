// Holds the rounds: load, `kill -9` at a random moment, restart, and everything compared.

import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Holder } from '../../src/cli/identity/holder.ts'
import { Bailiwick, testServer } from '../e2e/bailiwick.ts'
import { alive, until } from '../e2e/until.ts'
import { Chance } from './chance.ts'
import { check } from './check.ts'
import { Load } from './load.ts'
import { Witness } from './witness.ts'

const POLICIES = `
@id("clerks") @without("task") permit (principal in Role::"clerk", action in [Action::"ledger/append", Action::"ledger/gated"], resource);
@id("gated") @gate("operator") forbid (principal, action == Action::"ledger/gated", resource);
`

const INSTANCES = 3
/** The load runs for this long at most before the kill (ms), from when the first call was answered. */
const LOAD_MS = 1_200
/** A start that is killed as well is given this long at most (ms). */
const START_MS = 700

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Runs rounds; throws what is wrong after one, which the seed and its number name. */
export async function rounds(
  count: number,
  seed: string,
  say: (line: string) => void,
): Promise<void> {
  const chance = new Chance(seed)
  await using bailiwick = await Bailiwick.start({ BAILIWICK_HOLD_MS: '500' })
  const journals = join(bailiwick.home, 'journals')
  mkdirSync(journals)
  await bailiwick.pin('ledger', testServer('crash/upstream.ts', journals))
  await bailiwick.apply(POLICIES)
  const holders: Holder[] = []
  for (const name of ['clerk', 'bystander', 'late-comer']) await bailiwick.agent(name, [name])
  for (let i = 0; i < INSTANCES; i++) holders.push(await bailiwick.enrol('clerk'))
  const witness = new Witness()
  let boots = 1
  for (let round = 1; round <= count; round++) {
    const ms = chance.between(1, LOAD_MS)
    const load = new Load(bailiwick, witness)
    const answered = witness.answered.length
    load.start(holders, chance, round)
    await until('a first answer', () => {
      if (load.failure !== undefined) throw load.failure
      return witness.answered.length > answered
    })
    await pause(ms)
    load.end()
    await bailiwick.stop('SIGKILL')
    await load.ended()
    const pids = readdirSync(journals).map(Number)
    await until('the upstreams are gone', () => !pids.some(alive))
    const started = await brokenStarts(bailiwick, chance)
    await bailiwick.serve()
    // A start that was killed shows in the log if it came as far as its first record.
    const between = { least: boots + 1, most: boots + 1 + started }
    const seen = await check(bailiwick, witness, journals, between)
    boots = seen.boots
    say(
      `round ${round}: killed after ${ms} ms and ${started} broken starts; ${witness.answered.length} answered, ` +
        `${seen.executed} executed, ${seen.intents} intents, ${seen.unknown} unknown, ${seen.records} records`,
    )
  }
}

/** In one round of three the server is killed again while it starts, once or twice. Returns how often. */
async function brokenStarts(bailiwick: Bailiwick, chance: Chance): Promise<number> {
  const times = Math.max(0, chance.between(-1, 2) - (chance.between(0, 1) === 0 ? 1 : 0))
  for (let i = 0; i < times; i++) {
    const starting = bailiwick.serve().then(
      () => undefined,
      () => undefined,
    )
    await pause(chance.between(1, START_MS))
    await bailiwick.stop('SIGKILL')
    await starting
  }
  return times
}
