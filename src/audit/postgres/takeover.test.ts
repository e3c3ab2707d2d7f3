// Holds the test of `kill -9` on gateways that write one log: whoever leads dies, another goes on. This file is also the victim.

import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'

import { logDatabase, verifiedHome } from '../../../test/fakes/log-gateways.ts'
import { PostgresServer } from '../../../test/fakes/postgres.ts'
import { systemClock } from '../../std/clock.ts'
import { systemEntropy } from '../../std/entropy.ts'
import type { Signer } from '../../keys/ring.ts'
import { openAuditLog } from '../open.ts'
import { intent, logOptions, temporaryHome } from '../testbed.test.ts'

const ROUNDS = 3
const PRODUCERS = 4

function signerOf(pem: string): Signer {
  const privateKey = createPrivateKey(pem)
  const publicKey = createPublicKey(privateKey)
  return {
    algorithm: 'Ed25519',
    publicKey: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })),
    keyId: '0011223344556677',
    sign: (data) => new Uint8Array(sign(null, data, privateKey)),
    verify: (data, signature) => verify(null, data, publicKey, signature),
  }
}

/** The victim: records until it is killed, and says each leaf once it is acknowledged. */
async function load(home: string, gateway: string, url: string, pem: string): Promise<void> {
  const options = { ...logOptions(home, signerOf(pem)), gateway }
  const log = await openAuditLog({ ...options, database: { url, ack: 'auto' } })
  await Promise.all(
    Array.from({ length: PRODUCERS }, async (_, producer) => {
      for (let i = 0; ; i++) {
        const call = `${log.boot}/${producer}/${i}`
        const { leaf: ref } = await log.append(intent(call))
        writeSync(1, `${ref}\n`)
        // Answered, as calls are: what a kill leaves open is what was under way, and that the next start answers.
        const body = { status: 'ok' }
        const outcome = { type: 'call.outcome', phase: 'outcome', call, ref, body } as const
        const { leaf } = await log.append(outcome)
        writeSync(1, `${leaf}\n`)
        await pause(4)
      }
    }),
  )
}

/** Gateways as processes, each with a file of what it said. */
class Fleet {
  readonly homes: Readonly<Record<string, string>>
  readonly #url: string
  readonly #pem: string
  readonly #running = new Map<string, ChildProcess>()

  constructor(homes: Readonly<Record<string, string>>, url: string, pem: string) {
    this.homes = homes
    this.#url = url
    this.#pem = pem
  }

  start(name: string): void {
    const said = openSync(this.#said(name), 'a')
    const env = {
      ...process.env,
      AUDIT_VICTIM: name,
      AUDIT_VICTIM_HOME: this.homes[name] ?? '',
      AUDIT_VICTIM_URL: this.#url,
      AUDIT_VICTIM_KEY: this.#pem,
    }
    const stdio: ['ignore', number, 'inherit'] = ['ignore', said, 'inherit']
    this.#running.set(name, spawn(process.execPath, [import.meta.filename], { env, stdio }))
    closeSync(said)
  }

  /** Kills one; a victim that had died by itself is a failure. */
  async kill(name: string): Promise<void> {
    const child = this.#running.get(name)
    this.#running.delete(name)
    if (child === undefined) return
    const exit = once(child, 'exit')
    assert.equal(child.exitCode, null, `${name} died by itself`)
    child.kill('SIGKILL')
    await exit
  }

  /** Throws where one has died by itself: it will say no more. */
  checkAlive(name: string): void {
    const child = this.#running.get(name)
    assert.equal(child?.exitCode, null, `${name} died by itself`)
  }

  stop(name: string): void {
    this.#running.get(name)?.kill('SIGSTOP')
  }

  async killAll(): Promise<void> {
    for (const name of this.#running.keys()) await this.kill(name)
  }

  said(name: string): string[] {
    if (!existsSync(this.#said(name))) return []
    return readFileSync(this.#said(name), 'utf8').split('\n').slice(0, -1)
  }

  #said(name: string): string {
    return `${this.homes[name] ?? ''}.said`
  }
}

const {
  AUDIT_VICTIM: victim,
  AUDIT_VICTIM_HOME: home,
  AUDIT_VICTIM_URL: url,
  AUDIT_VICTIM_KEY: key,
} = process.env

if (victim !== undefined && home !== undefined && url !== undefined && key !== undefined) {
  await load(home, victim, url, key)
} else {
  test('INV-7 whichever gateway is killed or stopped, another sequences on, and what was acknowledged is in the log once', async (t) => {
    await using server = await PostgresServer.start({ durable: true })
    const database = await logDatabase(server)
    const { privateKey } = generateKeyPairSync('ed25519')
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    const folder = temporaryHome(t)
    const homes = { 'gw-1': join(folder, 'one'), 'gw-2': join(folder, 'two') }
    const fleet = new Fleet(homes, database.url, pem)
    t.after(() => fleet.killAll())
    const ask = async (statement: string): Promise<Record<string, unknown>> =>
      (await server.query(statement, database.name))[0] ?? {}
    const swapsBy = async (gateway: string): Promise<boolean> => {
      const row = await ask(
        `select l.gateway = '${gateway}' and exists (select 1 from audit.checkpoints where epoch = l.epoch) as yes from audit.leader l`,
      )
      return row['yes'] === true
    }
    /** Whether the newest boot of a gateway is in the log. */
    const writes = async (gateway: string): Promise<boolean> => {
      fleet.checkAlive(gateway)
      const newest = `select iseq from audit.boots where gateway = '${gateway}' order by n desc limit 1`
      const said = fleet.said(gateway).length
      return Number((await ask(newest))['iseq'] ?? 0) > 0 && said > spoken
    }
    let spoken = 0
    const untilSwaps = async (gateway: string): Promise<number> => {
      const begin = systemClock.monotonic()
      while (!(await swapsBy(gateway))) {
        assert.ok(systemClock.monotonic() - begin < 30_000, `${gateway} does not sequence`)
        await pause(10)
      }
      return Math.round(systemClock.monotonic() - begin)
    }
    fleet.start('gw-1')
    await untilSwaps('gw-1')
    for (let round = 0; round < ROUNDS; round++) {
      const [dies, lives] = round % 2 === 0 ? ['gw-1', 'gw-2'] : ['gw-2', 'gw-1']
      spoken = fleet.said(lives).length + 20
      fleet.start(lives)
      while (!(await writes(lives))) await pause(10)
      await pause(systemEntropy.bytes(1)[0] ?? 0)
      await fleet.kill(dies)
      t.diagnostic(`taken over in ${await untilSwaps(lives)} ms`)
    }
    // Stopped is not dead: its lock is held, and it leaves others waiting until one of them takes it away.
    const [leads, waits] = ROUNDS % 2 === 0 ? ['gw-1', 'gw-2'] : ['gw-2', 'gw-1']
    spoken = fleet.said(waits).length + 20
    fleet.start(waits)
    while (!(await writes(waits))) await pause(10)
    fleet.stop(leads)
    t.diagnostic(`taken from one that is stopped in ${await untilSwaps(waits)} ms`)
    await fleet.killAll()
    const logs = await Promise.all(
      Object.entries(homes).map(([gateway, at]) =>
        openAuditLog({
          ...logOptions(at, signerOf(pem)),
          gateway,
          database: { url: database.url, ack: 'auto' },
        }),
      ),
    )
    for (const log of logs) await log.flush()
    const [log] = logs
    const found = new Map<string, number>()
    const size = log?.stats().size ?? 0
    for (let at = 0; at < size; at += 1000) {
      for (const { leaf } of log?.read(at, 1000) ?? []) found.set(leaf, (found.get(leaf) ?? 0) + 1)
    }
    const said = Object.keys(homes).flatMap((name) => fleet.said(name))
    assert.ok(said.length > 100)
    for (const leaf of said) assert.equal(found.get(leaf), 1, leaf)
    for (const each of logs) await each.close()
    for (const at of Object.values(homes)) await verifiedHome(at)
  })
}
