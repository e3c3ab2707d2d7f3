// Holds attacks on the authority's own keys: distrusted roots put back, backups restored, leaves that sign, certificates nobody recorded.

import assert from 'node:assert/strict'
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { Agent, Client, request } from 'undici'
import {
  issueRoot,
  issuer,
  issueSvid,
  leafValidity,
} from '../../src/authority/identity/certificate.ts'
import { makeRoot } from '../../src/authority/identity/root.ts'
import { signerOf } from '../../src/keys/signer.ts'
import { openCore, type Core } from '../../src/server/core.ts'
import { settings } from '../../src/server/settings.ts'
import { base64url, hex, sha256 } from '../../src/std/bytes.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { pem, readPem } from '../../src/std/pem.ts'
import { systemTimer } from '../../src/std/timer.ts'
import { rootServerName } from '../../src/wire/identity.ts'
import { PERSON } from '../fakes/district.ts'
import { fakeRequest, fakeSigner, p256, spkiOf } from '../fakes/identity.ts'
import { serve, type Served } from '../fakes/served.ts'

const HOUR = 3_600_000
const BY = { person: PERSON, reason: 'stolen' }

/** A home of a test, which somebody who may write its files works on between two runs. */
class Home implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'bailiwick-attack-'))

  open(): Promise<Core> {
    const logFile = join(this.directory, 'operator.log')
    const given = settings({ home: this.directory, logFile }, { BAILIWICK_WORKLOAD_SOCKET: 'off' })
    const machine = { clock: systemClock, entropy: systemEntropy, timer: systemTimer }
    return openCore(given, machine, () => 'http://bailiwick.localhost:1')
  }

  path(...parts: string[]): string {
    return join(this.directory, ...parts)
  }

  /** Runs something on the database, as anybody with a client for it can. */
  byHand<R>(run: (database: DatabaseSync) => R): R {
    const database = new DatabaseSync(this.path('bailiwick.db'))
    try {
      return run(database)
    } finally {
      database.close()
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** Takes what a thief would keep: the key, and the rows as they were. */
function stolen(home: Home): { back(): void; rowsBack(): void } {
  copyFileSync(home.path('keys', 'certificates.pem'), home.path('stolen.pem'))
  const rows = home.byHand((database) => database.prepare('select * from roots').all())
  return {
    back: () => {
      copyFileSync(home.path('stolen.pem'), home.path('keys', 'certificates.pem'))
      chmodSync(home.path('keys', 'certificates.pem'), 0o600)
    },
    rowsBack: () =>
      home.byHand((database) => {
        for (const row of rows) {
          const columns = Object.keys(row)
          const marks = columns.map(() => '?').join(', ')
          database
            .prepare(`insert or replace into roots (${columns.join(', ')}) values (${marks})`)
            .run(...(Object.values(row) as string[]))
        }
      }),
  }
}

test('INV-13 the row and the key of a distrusted root, put back by hand, bring no trust back', async () => {
  using home = new Home()
  let core = await home.open()
  const old = core.roots.active
  await core.close()
  const thief = stolen(home)
  core = await home.open()
  const { fingerprint } = await core.roots.rekey(BY)
  assert.equal(existsSync(home.path('keys', 'certificates.pem')), false, 'the key was destroyed')
  await core.close()

  thief.back()
  thief.rowsBack()
  core = await home.open()
  try {
    assert.equal(core.roots.trusts(old.fingerprint), false)
    assert.ok(!core.roots.pems().includes(old.pem))
    assert.equal(core.roots.active.fingerprint, fingerprint)
    assert.deepEqual(
      core.roots.list().map(({ state }) => state),
      ['distrusted', 'active'],
    )
    assert.equal(existsSync(home.path('keys', 'certificates.pem')), false, 'and so it is again')
    const locks = core.authority.locks.list().map(({ target }) => target.kind)
    assert.ok(locks.includes('everything'), 'rows changed by hand are looked at by a person')
  } finally {
    await core.close()
  }
})

test('INV-13 a root certificate and key put beside a home, and a root row that nobody signed, are nothing', async () => {
  using home = new Home()
  let core = await home.open()
  const { fingerprint } = core.roots.active
  const trustDomain = core.roots.trustDomain
  await core.close()
  const signer = fakeSigner('ES256')
  const planted = makeRoot(issuer(trustDomain, signer, systemEntropy), systemClock.now())
  home.byHand((database) => {
    const [row] = database.prepare('select * from roots').all() as Record<string, string>[]
    const doc = JSON.stringify({
      ...(JSON.parse(row!['doc']!) as object),
      fingerprint: planted.fingerprint,
      certificate: planted.pem,
      keyId: signer.keyId,
      place: 2,
    })
    database
      .prepare('insert into roots (id, state, key_id, doc, sig, leaf) values (?, ?, ?, ?, ?, ?)')
      .run(planted.fingerprint, 'active', signer.keyId, doc, row!['sig']!, row!['leaf']!)
  })
  core = await home.open()
  try {
    assert.equal(core.roots.trusts(planted.fingerprint), false)
    assert.equal(core.roots.active.fingerprint, fingerprint)
    const refused = await core.audit.tail({ type: 'authority.refused_rows', limit: 1 })
    assert.equal(refused.length, 1, 'and it is recorded')
  } finally {
    await core.close()
  }
})

test('INV-13 a whole database from before a rekey: the log distrusts again, and the sequence goes on', async () => {
  using home = new Home()
  let core = await home.open()
  const old = core.roots.active.fingerprint
  await core.close()
  const thief = stolen(home)
  copyFileSync(home.path('bailiwick.db'), home.path('backup.db'))
  core = await home.open()
  await core.roots.rotate({ ...BY, now: true })
  await core.roots.rekey(BY)
  await core.roots.replaceTokenKey(BY)
  const published = core.roots.sequence
  await core.close()

  for (const file of readdirSync(home.directory)) {
    if (file.startsWith('bailiwick.db')) rmSync(home.path(file))
  }
  copyFileSync(home.path('backup.db'), home.path('bailiwick.db'))
  chmodSync(home.path('bailiwick.db'), 0o600)
  thief.back()
  core = await home.open()
  try {
    assert.equal(core.roots.trusts(old), false)
    assert.notEqual(core.roots.active.fingerprint, old)
    assert.ok(core.roots.sequence > published, `${core.roots.sequence} after ${published}`)
    assert.equal(core.roots.bundle()['spiffe_sequence'], core.roots.sequence)
  } finally {
    await core.close()
  }
})

interface Credential {
  readonly key: KeyObject
  readonly cert: string
}

async function enrol(district: Served): Promise<Credential & { readonly instance: string }> {
  const key = p256()
  const by = { agent: 'night-watch', by: PERSON }
  const { token } = await district.identities.issueJoinToken(by)
  const issued = await district.identities.enrol({ token, csr: fakeRequest(key) })
  return { key, cert: issued.certificates, instance: issued.instance }
}

/** Renews over TLS with a certificate; answers the code of the refusal, or `renewed`. */
async function renew(district: Served, as: Credential, servername?: string): Promise<string> {
  const key = as.key.export({ type: 'pkcs8', format: 'pem' }).toString()
  const connect = {
    key,
    cert: as.cert,
    ca: district.roots.pems(),
    rejectUnauthorized: true,
    checkServerIdentity: () => undefined,
    ...(servername === undefined ? {} : { servername }),
  }
  const dispatcher = new Agent({ connect })
  const { port } = new URL(district.url)
  try {
    const response = await request(`https://127.0.0.1:${port}/v1/renew`, {
      dispatcher,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ csr: fakeRequest(p256()) }),
    })
    const answer = (await response.body.json()) as { code?: string }
    return response.statusCode === 200 ? 'renewed' : String(answer.code)
  } finally {
    await dispatcher.destroy()
  }
}

test('INV-8 a leaf that signs a certificate, with itself in the chain, is no authority', async () => {
  await using district = await serve()
  const leaf = await enrol(district)
  const now = district.clock.now()
  const der = leaf.key.export({ type: 'pkcs8', format: 'der' })
  const signer = signerOf('ES256', createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
  const by = issuer('bailiwick.test', signer, systemEntropy)
  const key = p256()
  const of = { agent: 'mail-sorter', instance: leaf.instance, publicKey: spkiOf(key) }
  const child = pem('CERTIFICATE', issueSvid(by, of, leafValidity(now, HOUR)))
  const own = pem('CERTIFICATE', issueRoot(by, { notBefore: now - HOUR, notAfter: now + HOUR }))
  for (const cert of [child + leaf.cert, child + own, child + own + leaf.cert]) {
    assert.equal(await renew(district, { key, cert }), 'identity.client_certificate')
  }
  assert.equal(await renew(district, leaf), 'renewed')
})

test('INV-8 a certificate signed by a key of ours that nobody recorded is nobody, by whichever root and whatever name it is asked for', async () => {
  await using district = await serve()
  const { instance } = await enrol(district)
  const first = district.root
  await district.roots.rotate({ ...BY, now: true })
  for (const root of [first, district.root]) {
    const key = p256()
    const of = { agent: 'night-watch', instance, publicKey: spkiOf(key) }
    const validity = leafValidity(district.clock.now(), HOUR)
    const cert = pem('CERTIFICATE', issueSvid(root.issuer, of, validity))
    for (const name of [
      undefined,
      rootServerName(first.fingerprint),
      'a.root.bailiwick.localhost',
    ]) {
      assert.equal(await renew(district, { key, cert }, name), 'identity.unrecognised')
    }
  }
})

test('INV-5 a connection that was made before a rekey, and one that asks for the old root by name, open nothing', async () => {
  await using district = await serve()
  const leaf = await enrol(district)
  const old = district.root
  const key = leaf.key.export({ type: 'pkcs8', format: 'pem' }).toString()
  const ca = district.roots.pems()
  const connect = { key, cert: leaf.cert, ca, checkServerIdentity: () => undefined }
  const dispatcher = new Client(district.url.replace('bailiwick.localhost', '127.0.0.1'), {
    connect,
  })
  const { port } = new URL(district.url)
  const ask = async (): Promise<number> => {
    const response = await request(`https://127.0.0.1:${port}/v1/renew`, {
      dispatcher,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ csr: fakeRequest(p256()) }),
    })
    await response.body.text()
    assert.notEqual(response.headers['connection'], 'close')
    return response.statusCode
  }
  assert.equal(await ask(), 200)
  await district.roots.rekey(BY)
  assert.equal(await ask(), 401, 'the same connection')
  await dispatcher.destroy()
  const named = rootServerName(old.fingerprint)
  assert.equal(await renew(district, leaf, named), 'identity.client_certificate')
  assert.equal(await renew(district, leaf), 'identity.client_certificate')
  assert.deepEqual(district.identities.list(), [])
})

test('INV-5 who enrols or renews while a rekey happens ends with nothing that the old root signed', async () => {
  await using district = await serve()
  const old = district.root.fingerprint
  const by = { agent: 'night-watch', by: PERSON }
  const { token } = await district.identities.issueJoinToken(by)
  let rekeyed: Promise<unknown> | undefined
  district.audit.before = (draft) => {
    if (draft.type === 'instance.enrolled') rekeyed ??= district.roots.rekey(BY)
    return new Promise((resolve) => setTimeout(resolve, 20))
  }
  const enrolling = district.identities.enrol({ token, csr: fakeRequest(p256()) })
  await assert.rejects(enrolling, { code: 'identity.gone' })
  await rekeyed
  assert.deepEqual(district.identities.list(), [])
  assert.equal(district.roots.trusts(old), false)
  const rows = await district.store.certificates.all({})
  await district.restart()
  assert.equal(rows[0]?.doc.root, old)
  assert.deepEqual(district.identities.list(), [], 'nor after a restart')
})

test('INV-5 fingerprints are compared whole: a join token that pins half of a root is of another authority', async () => {
  await using district = await serve()
  const { token } = await district.identities.issueJoinToken({ agent: 'night-watch', by: PERSON })
  const [version, secret, pin] = token.split('.')
  const bytes = Buffer.from(pin!, 'base64url')
  bytes[31]! ^= 1
  const other = `${version}.${secret}.${base64url(bytes)}`
  // The name of the server is made of the first half, so the listener answers as if it were meant.
  assert.equal(rootServerName(base64url(bytes)), rootServerName(pin!))
  await assert.rejects(district.identities.enrol({ token: other, csr: fakeRequest(p256()) }), {
    code: 'join_token.unknown',
  })
  const issued = await district.identities.enrol({ token, csr: fakeRequest(p256()) })
  assert.equal(hex(sha256(readPem('CERTIFICATE', issued.certificates)[0]!)).length, 64)
})
