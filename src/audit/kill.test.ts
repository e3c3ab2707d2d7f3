// Holds the test of `kill -9` in the middle of a load: this file is also the process that is killed.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'

import { systemEntropy } from '../std/entropy.ts'
import type { Signer } from '../keys/ring.ts'
import { openAuditLog } from './open.ts'
import { intent, logOptions, temporaryHome } from './testbed.test.ts'
import { verifyLog } from './verify.ts'

const ROUNDS = 4
const PRODUCERS = 16

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

/** The victim: records calls until it is killed, and says each leaf once it is acknowledged. */
async function load(home: string, signer: Signer): Promise<void> {
  const log = await openAuditLog(logOptions(home, signer))
  await Promise.all(
    Array.from({ length: PRODUCERS }, async (_, producer) => {
      for (let i = 0; ; i++) {
        const call = `${log.boot}/${producer}/${i}`
        const { leaf } = await log.append(intent(call, { fill: 'x'.repeat(i % 700) }))
        writeSync(1, `intent ${leaf}\n`)
        const answer = { type: 'call.outcome', phase: 'outcome', call, ref: leaf } as const
        const receipt = await log.append({ ...answer, body: { status: 'ok' } })
        writeSync(1, `outcome ${receipt.leaf}\n`)
      }
    }),
  )
}

/** Runs one victim until it has said `bytes`, kills it, and gives every line that it said, on a file: it never waits. */
async function victim(home: string, pem: string, bytes: number): Promise<string[]> {
  const path = join(home, 'said')
  const said = openSync(path, 'w')
  const env = { ...process.env, AUDIT_KILL_HOME: home, AUDIT_KILL_KEY: pem }
  const child = spawn(process.execPath, [import.meta.filename], {
    env,
    stdio: ['ignore', said, 'inherit'],
  })
  const exit = once(child, 'exit')
  closeSync(said)
  while (statSync(path).size < bytes && child.exitCode === null) await pause(2)
  assert.equal(child.exitCode, null, 'the victim died by itself')
  child.kill('SIGKILL')
  await exit
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
}

const { AUDIT_KILL_HOME: victimHome, AUDIT_KILL_KEY: victimKey } = process.env

if (victimHome !== undefined && victimKey !== undefined) {
  await load(victimHome, signerOf(victimKey))
} else {
  test('INV-7 kill -9 loses nothing acknowledged, and every open intent is answered unknown', async (t) => {
    const home = temporaryHome(t)
    const { privateKey } = generateKeyPairSync('ed25519')
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    const lines: string[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const [low = 0, high = 0] = systemEntropy.bytes(2)
      lines.push(...(await victim(home, pem, 1 + low + high * 400)))
    }
    const log = await openAuditLog(logOptions(home, signerOf(pem)))
    const { size } = await log.flush()
    const found = new Map<string, number>()
    const answered = new Set<string>()
    const calls = { intents: 0, unknown: 0 }
    for (let before = size; before > 0; before -= 1000) {
      for (const { leaf, record } of await log.tail({ limit: 1000, before })) {
        found.set(leaf, (found.get(leaf) ?? 0) + 1)
        if (record.type === 'call.intent') calls.intents += 1
        if (record.ref !== undefined) answered.add(record.ref)
        if (record.body['status'] === 'unknown') calls.unknown += 1
      }
    }
    await log.close()
    for (const line of lines) assert.equal(found.get(line.split(' ')[1] ?? ''), 1, line)
    assert.equal(answered.size, calls.intents)
    // Whoever had its outcome acknowledged was not answered a second time.
    assert.ok(calls.unknown <= ROUNDS * PRODUCERS)
    const vkey = readFileSync(join(home, 'log.vkey'), 'utf8')
    const report = await verifyLog({ directory: join(home, 'log'), vkey })
    assert.deepEqual(report.findings, [])
    assert.equal(report.boots.length, ROUNDS + 1)
  })
}
