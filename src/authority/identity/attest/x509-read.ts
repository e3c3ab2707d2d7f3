// Holds the reading of what Node does not tell of a certificate of others (RFC 5280): names, usages and path length, from its DER.

import { derChildren, oid, readDer, TAG, type DerValue } from '../../../std/der.ts'
import { hex } from '../../../std/bytes.ts'

const TBS_EXTENSIONS = 0xa3
const DNS_NAME = 0x82
const URI_NAME = 0x86
const PRINTABLE = 0x13
/** `hashAlgorithm` among the parameters of RSASSA-PSS. */
const HASH = 0xa0

const COMMON_NAME = name('2.5.4.3')
const KEY_USAGE = name('2.5.29.15')
const ALT_NAME = name('2.5.29.17')
const CONSTRAINTS = name('2.5.29.19')
const EXTENDED_USAGE = name('2.5.29.37')
/** Extensions that are processed here or by OpenSSL, or that ask for nothing: any other that is critical is refused (§4.2). */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  KEY_USAGE,
  ALT_NAME,
  CONSTRAINTS,
  EXTENDED_USAGE,
  // Key identifiers, certificate policies (none is asked for), and where to find more.
  ...['2.5.29.14', '2.5.29.35', '2.5.29.32', '2.5.29.31', '1.3.6.1.5.5.7.1.1'].map(name),
])

/** ECDSA and RSA with SHA-2, Ed25519: what a certificate may be signed with, besides RSASSA-PSS with SHA-2. */
const SIGNATURES: ReadonlySet<string> = new Set(
  [
    '1.2.840.10045.4.3.2 1.2.840.10045.4.3.3 1.2.840.10045.4.3.4',
    '1.2.840.113549.1.1.11 1.2.840.113549.1.1.12 1.2.840.113549.1.1.13',
    '1.3.101.112',
  ]
    .join(' ')
    .split(' ')
    .map(name),
)

const PSS = name('1.2.840.113549.1.1.10')
/** SHA-256, SHA-384, SHA-512. */
const SHA2: ReadonlySet<string> = new Set(
  ['2.16.840.1.101.3.4.2.1', '2.16.840.1.101.3.4.2.2', '2.16.840.1.101.3.4.2.3'].map(name),
)

/** What is read of a certificate. */
export interface CertificateFacts {
  /** Common names of the subject. */
  readonly commonNames: readonly string[]
  readonly dnsNames: readonly string[]
  readonly uris: readonly string[]
  /** True where it may sign certificates: an authority by its constraints, and by its key usage where it has one. */
  readonly signsCertificates: boolean
  /** Authorities that may stand below it; absent: as many as like. */
  readonly pathLength?: number
  /** True where its key usage, if it has one, has digitalSignature. */
  readonly signsData: boolean
  /** True where its extended key usage, if it has one, has clientAuth. */
  readonly forClients: boolean
  /** False where it has a critical extension that is not understood, name constraints among them, or a weak signature. */
  readonly understood: boolean
}

/** Reads a certificate. Throws a Fault of DER_FAULTS for what is no strict DER. */
export function readCertificate(der: Uint8Array): CertificateFacts {
  const [tbs, algorithm] = derChildren(readDer(der, TAG.sequence))
  const parts = derChildren(tbs!)
  // The version is there in everything that has extensions; then serial, algorithm, issuer, validity, subject.
  const subject = parts[0]?.tag === 0xa0 ? parts[5] : parts[4]
  const extensions = extensionsOf(parts.find(({ tag }) => tag === TBS_EXTENSIONS))
  const [ca, most] = constraintsOf(extensions.get(CONSTRAINTS)?.value)
  const usage = bitsOf(extensions.get(KEY_USAGE)?.value)
  const uses = extensions.get(EXTENDED_USAGE)?.value
  const names = namesOf(extensions.get(ALT_NAME)?.value)
  const strange = [...extensions].some(([id, { critical }]) => critical && !UNDERSTOOD.has(id))
  return {
    commonNames: commonNamesOf(subject),
    dnsNames: names.filter(({ tag }) => tag === DNS_NAME).map(text),
    uris: names.filter(({ tag }) => tag === URI_NAME).map(text),
    signsCertificates: ca && (usage === undefined || (usage & 0b0000_0100) !== 0),
    ...(most === undefined ? {} : { pathLength: most }),
    signsData: usage === undefined || (usage & 0b1000_0000) !== 0,
    forClients: uses === undefined || derChildren(uses).some((one) => hex(one.whole) === CLIENT),
    understood: !strange && isStrong(algorithm!),
  }
}

const CLIENT = name('1.3.6.1.5.5.7.3.2')

/** RFC 4055 §3.1: RSASSA-PSS says in its parameters which hash it is with, and means SHA-1 where it says nothing. */
function isStrong(algorithm: DerValue): boolean {
  const [id, parameters] = derChildren(algorithm)
  const named = hex(id!.whole)
  if (named !== PSS || parameters === undefined) return SIGNATURES.has(named)
  const [hash] = derChildren(parameters)
  if (hash?.tag !== HASH) return false
  const [of] = derChildren(derChildren({ ...hash, tag: TAG.sequence })[0]!)
  return of !== undefined && SHA2.has(hex(of.whole))
}

/** An object identifier as it is compared: its DER, hex. */
function name(dotted: string): string {
  return hex(oid(dotted))
}

function extensionsOf(wrapped: DerValue | undefined) {
  const found = new Map<string, { readonly critical: boolean; readonly value: DerValue }>()
  const list = wrapped === undefined ? [] : derChildren(readDer(wrapped.content, TAG.sequence))
  for (const one of list) {
    const [id, ...rest] = derChildren(one)
    const critical = rest[0]?.tag === TAG.boolean && rest[0].content[0] === 0xff
    const octets = rest.at(-1)!
    const key = hex(id!.whole)
    // §4.2: no extension twice; whoever reads the other one would read something else.
    const twice = found.has(key)
    const [value] = derChildren({ ...octets, tag: TAG.sequence })
    found.set(twice ? `${key} twice` : key, { critical: critical || twice, value: value! })
  }
  return found
}

/** Whether it is an authority, and how many may stand below it. */
function constraintsOf(value: DerValue | undefined): readonly [ca: boolean, most?: number] {
  if (value === undefined) return [false]
  const [ca, most] = derChildren(value)
  if (ca?.tag !== TAG.boolean || ca.content[0] !== 0xff) return [false]
  if (most === undefined) return [true]
  return [true, most.content.length === 1 ? most.content[0]! : 127]
}

/** The first octet of a bit string: all that key usage needs here. */
function bitsOf(value: DerValue | undefined): number | undefined {
  return value === undefined ? undefined : (value.content[1] ?? 0)
}

function namesOf(value: DerValue | undefined): readonly DerValue[] {
  return value === undefined ? [] : derChildren(value)
}

function commonNamesOf(subject: DerValue | undefined): readonly string[] {
  if (subject === undefined) return []
  return derChildren(subject).flatMap((set) =>
    derChildren(set).flatMap((attribute) => {
      const [id, value] = derChildren(attribute)
      const plain = value?.tag === TAG.utf8String || value?.tag === PRINTABLE
      return plain && id !== undefined && hex(id.whole) === COMMON_NAME ? [text(value)] : []
    }),
  )
}

function text({ content }: DerValue): string {
  return Buffer.from(content).toString('utf8')
}
