// Holds the curve of identity: what enrolling, renewing and looking up cost with none to a hundred thousand live instances.

import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import { Identities } from '../src/authority/identity/identities.ts'
import type { IdentityPorts } from '../src/authority/identity/ports.ts'
import { Roots } from '../src/authority/identity/roots.ts'
import { openKeyRing } from '../src/keys/file.ts'
import { base64url, hex, sha256 } from '../src/std/bytes.ts'
import { systemClock } from '../src/std/clock.ts'
import { bitString, context, integer, sequence, oid } from '../src/std/der.ts'
import { systemEntropy } from '../src/std/entropy.ts'
import { uuidv7 } from '../src/std/id.ts'
import { pem, readPem } from '../src/std/pem.ts'
import { canonicalJson, type JsonObject } from '../src/std/json.ts'
import { systemTimer } from '../src/std/timer.ts'
import { openStore, type Store } from '../src/store/open.ts'
import { Roll, type Counted } from '../src/store/roll.ts'
import { CERTIFICATES, type CertificateRow } from '../src/store/rows/certificate.ts'
import { INSTANCES } from '../src/store/rows/instance.ts'
import { SignedRows } from '../src/store/signed-rows.ts'
import { sqliteDialect } from '../src/store/sqlite.ts'
import type { TableShape } from '../src/store/table.ts'
import type { Receipt } from '../src/wire/record.ts'

/** Live instances of each point of the curve. */
const POPULATIONS = [0, 1_000, 10_000, 100_000] as const
/** Operations of each kind at each point; the median counts. */
const OPERATIONS = 200
const LOOKUPS = 200_000
const HOUR = 3_600_000

const PERSON = 'per_bench'
const AGENT = { owner: PERSON, state: 'active' as const, roles: [], unattended: true }

const receipt: Receipt = { id: uuidv7(systemClock, systemEntropy), leaf: 'A'.repeat(43), ts: '' }

/** What identities stand on here: a real database and real keys. Records are acknowledged at once: they have a bench of their own. */
async function openPorts(home: string) {
  const keys = openKeyRing(join(home, 'keys'), { entropy: systemEntropy })
  const store = await openStore({ directory: home, signer: keys.authority })
  const shared = {
    store,
    audit: { append: () => Promise.resolve(receipt) },
    clock: systemClock,
    timer: systemTimer,
    entropy: systemEntropy,
    onTrouble: (error: unknown) => {
      throw error
    },
  }
  const own = { keys: keys.roots, tokens: keys.tokens, trustDomain: 'bench.test' }
  const roots = await Roots.open({ ...shared, ...own })
  const nobody = (): never => {
    throw new Error('an agent that acts unattended has no delegation')
  }
  const ports: IdentityPorts = {
    ...shared,
    roots,
    registry: {
      agentOf: () => AGENT,
      personOf: (id) => ({ id, roles: [] }),
    },
    delegations: { create: nobody, bind: nobody, chainOf: () => undefined },
  }
  return { ports, roots, store, signer: keys.authority }
}

/**
 * Puts live instances with a certificate each into the database, as if they had enrolled a moment ago, and answers the
 * certificates. A roll vouches for the instances. Signatures are left out, because signing and verifying two hundred thousand
 * rows takes longer than all that is measured here: nothing that is measured reads these rows.
 */
async function populate(
  home: string,
  rows: SignedRows,
  of: { readonly count: number; readonly root: string },
): Promise<readonly CertificateRow[]> {
  const path = join(home, 'bailiwick.db')
  const database = new DatabaseSync(path)
  const into = <T>(shape: TableShape<T>) => {
    let statement: StatementSync | undefined
    return (doc: T): Counted => {
      const signed = {
        doc: canonicalJson(doc as unknown as JsonObject),
        sig: base64url(randomBytes(64)),
        leaf: receipt.leaf,
      }
      const row = { id: shape.id(doc), ...shape.columns(doc), ...signed }
      const names = Object.keys(row).join()
      const marks = Object.keys(row).map(() => '?')
      statement ??= database.prepare(
        `insert into ${shape.table} (${names}) values (${marks.join()})`,
      )
      statement.run(...Object.values(row))
      return row
    }
  }
  const [addInstance, addCertificate] = [into(INSTANCES), into(CERTIFICATES)]
  const now = systemClock.now()
  const counted: Counted[] = []
  const certificates: CertificateRow[] = []
  database.exec('begin')
  for (let i = 0; i < of.count; i++) {
    const id = uuidv7(systemClock, systemEntropy)
    const instance = { agent: 'worker', joinToken: receipt.id, state: 'live' as const }
    counted.push(addInstance({ id, ...instance, createdAt: now, lifeEnds: now + 24 * HOUR }))
    const certificate: CertificateRow = {
      fingerprint: hex(randomBytes(32)),
      instance: id,
      key: hex(randomBytes(32)),
      serial: hex(randomBytes(16)),
      root: of.root,
      notBefore: now - 30_000,
      // Spread as renewals spread them.
      notAfter: now + HOUR / 2 + Math.floor((i * HOUR) / 2 / of.count),
    }
    addCertificate(certificate)
    certificates.push(certificate)
  }
  database.exec('commit')
  database.close()
  const db = new Kysely<unknown>({ dialect: sqliteDialect(path).dialect })
  await new Roll(rows, INSTANCES.table).write(db, counted)
  await db.destroy()
  return certificates
}

/** The store, whose first look at certificates by instance finds those that were put there. */
function withCertificates(store: Store, put: readonly CertificateRow[]): IdentityPorts['store'] {
  const { certificates } = store
  const byInstance = new Map(put.map((doc) => [doc.instance, { doc, leaf: receipt.leaf, sig: '' }]))
  return Object.assign(Object.create(store) as Store, {
    certificates: Object.assign(Object.create(certificates) as Store['certificates'], {
      all: (where: Parameters<typeof certificates.all>[0] = {}) => {
        const instances = where['instance']
        if (!Array.isArray(instances)) return certificates.all(where)
        return Promise.resolve(instances.flatMap((id) => byInstance.get(String(id)) ?? []))
      },
      insert: certificates.insert.bind(certificates),
    }),
  })
}

/** A request with a key of its own (PKCS#10). */
function makeRequest(): string {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
  const info = sequence(integer(Uint8Array.of(0)), sequence(), spki, context(0, new Uint8Array()))
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'))
  const signature = new Uint8Array(sign('sha256', info, privateKey))
  return pem('CERTIFICATE REQUEST', sequence(info, algorithm, bitString(signature)))
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = systemClock.monotonic()
  await work()
  return systemClock.monotonic() - start
}

/** One point: medians in microseconds. */
async function point(count: number): Promise<{ enrol: number; renew: number; lookup: number }> {
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-bench-'))
  chmodSync(home, 0o700)
  const { ports, roots, store, signer } = await openPorts(home)
  try {
    const root = roots.active.fingerprint
    const put = await populate(home, new SignedRows(signer), { count, root })
    const identities = await Identities.open({ ...ports, store: withCertificates(store, put) })
    const live = identities.list().length
    if (live !== count) throw new Error(`${live} of ${count} instances are live`)
    const requests = Array.from({ length: 2 * OPERATIONS }, makeRequest)
    const certificates: string[] = []
    const enrol: number[] = []
    const renew: number[] = []
    for (const csr of requests.slice(0, OPERATIONS)) {
      const { token } = await identities.issueJoinToken({ agent: 'worker', by: PERSON })
      const took = await timed(async () => {
        const issued = await identities.enrol({ token, csr })
        certificates.push(hex(sha256(readPem('CERTIFICATE', issued.certificates)[0]!)))
      })
      enrol.push(took)
    }
    for (const [i, csr] of requests.slice(OPERATIONS).entries()) {
      const certificate = certificates[i]!
      renew.push(await timed(() => identities.renew({ certificate, csr })))
    }
    const start = systemClock.monotonic()
    for (let i = 0; i < LOOKUPS; i++) {
      const fingerprint = certificates[i % certificates.length]!
      if (identities.actorOf(fingerprint) === undefined) throw new Error('an actor is missing')
    }
    const lookup = (systemClock.monotonic() - start) / LOOKUPS
    await identities.close()
    return { enrol: median(enrol) * 1_000, renew: median(renew) * 1_000, lookup: lookup * 1_000 }
  } finally {
    await roots.close()
    await store.close()
    rmSync(home, { recursive: true, force: true })
  }
}

/** `enrol_us_N`, `renew_us_N` and `lookup_us_N` for each population N, and how much the last is above the first. */
export async function curve(): Promise<Record<string, number>> {
  const figures: Record<string, number> = {}
  for (const count of POPULATIONS) {
    const { enrol, renew, lookup } = await point(count)
    figures[`enrol_us_${count}`] = Math.round(enrol)
    figures[`renew_us_${count}`] = Math.round(renew)
    figures[`lookup_us_${count}`] = Number(lookup.toFixed(2))
  }
  const [first, last] = [POPULATIONS[0], POPULATIONS.at(-1)!]
  for (const what of ['enrol', 'renew', 'lookup']) {
    const ratio = figures[`${what}_us_${last}`]! / figures[`${what}_us_${first}`]!
    figures[`ratio_${what}_${last}`] = Number(ratio.toFixed(2))
  }
  return figures
}
