// Holds the authority's root certificate: made once on first start, kept beside the key that it certifies.

import { X509Certificate } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { base64url, sha256 } from '../../std/bytes.ts'
import type { Clock } from '../../std/clock.ts'
import { rfc3339 } from '../../std/clock.ts'
import type { Entropy } from '../../std/entropy.ts'
import { pem, readPem } from '../../std/pem.ts'
import type { AuditSink } from '../../wire/record.ts'
import { spiffeId } from '../../wire/spiffe.ts'
import type { Signer } from '../../keys/ring.ts'
import { issueRoot, issuer, type Issuer } from './certificate.ts'
import { fault } from './faults.ts'

const DAY = 86_400_000
const TEN_YEARS = 3_652 * DAY

/** The root of one trust domain, ready to issue. */
export interface Root {
  readonly trustDomain: string
  readonly certificate: X509Certificate
  readonly pem: string
  /** SHA-256 of the certificate's DER, base64url: what join tokens pin. */
  readonly fingerprint: string
  readonly issuer: Issuer
}

/** What opening the root needs. */
export interface RootOptions {
  /** `<home>/keys/ca.pem`. */
  readonly path: string
  readonly trustDomain: string
  /** The key ring's certificates key. */
  readonly signer: Signer
  readonly audit: AuditSink
  readonly clock: Clock
  readonly entropy: Entropy
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Published last and whole: a crash before the rename leaves no root, and the next start makes one. */
async function publish(path: string, text: string): Promise<void> {
  const draft = `${path}.new`
  await rm(draft, { force: true })
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(draft, path)
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function root(by: Issuer, der: Uint8Array): Root {
  return {
    trustDomain: by.trustDomain,
    certificate: new X509Certificate(der),
    pem: pem('CERTIFICATE', der),
    fingerprint: base64url(sha256(der)),
    issuer: by,
  }
}

async function make(options: RootOptions, by: Issuer): Promise<Root> {
  const now = Math.floor(options.clock.now() / 1000) * 1000
  const validity = { notBefore: now - 60_000, notAfter: now + TEN_YEARS }
  const made = root(by, issueRoot(by, validity))
  await options.audit.append({
    type: 'authority.root_issued',
    phase: 'lifecycle',
    body: {
      fingerprint: made.fingerprint,
      trustDomain: by.trustDomain,
      notAfter: rfc3339(validity.notAfter),
    },
  })
  await publish(options.path, made.pem)
  return made
}

/** Refuses a stored root that another key, another trust domain or another hand made. */
function check(found: Root, options: RootOptions): Root {
  const { certificate } = found
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' })
  const name = spiffeId({ kind: 'domain', domain: options.trustDomain })
  if (Buffer.compare(key, options.signer.publicKey) !== 0) {
    throw fault('identity.root_mismatch', 'the root certificate is for another certificate key')
  }
  if (!certificate.ca || !certificate.verify(certificate.publicKey)) {
    throw fault('identity.root_mismatch', 'the root certificate is not signed by itself')
  }
  if (certificate.subjectAltName !== `URI:${name}`) {
    throw fault('identity.root_mismatch', 'the root certificate is for another trust domain')
  }
  if (certificate.validToDate.getTime() <= options.clock.now()) {
    throw fault('identity.root_expired', 'the root certificate has ended')
  }
  return found
}

/** Opens the root certificate, or makes it on the first start, recorded before it exists. */
export async function openRoot(options: RootOptions): Promise<Root> {
  const by = issuer(options.trustDomain, options.signer, options.entropy)
  const text = await readIfThere(options.path)
  if (text === undefined) return make(options, by)
  let der: Uint8Array | undefined
  try {
    der = readPem('CERTIFICATE', text)[0]
  } catch (cause) {
    throw fault('identity.root_mismatch', 'the root certificate cannot be read', cause)
  }
  if (der === undefined) throw fault('identity.root_mismatch', 'the root certificate is empty')
  return check(root(by, der), options)
}
