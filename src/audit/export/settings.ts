// Holds the reading of `sinks.yaml`: where records go, which of them, and how. It is a file so that no API can change it.

import { existsSync, readFileSync, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { parseDocument, type Document } from 'yaml'
import { z } from 'zod'

import { isOutboundHost } from '../outbound.ts'
import { exportFault } from './faults.ts'
import { NOTICED } from './notice.ts'

const SINKS_MAX = 16
const FILE_MAX = 1 << 18

const Path = z.string().min(1).max(1024).refine(isAbsolute, 'is not an absolute path')
const Select = z
  .array(
    z
      .string()
      .regex(/^[a-z][a-z0-9_.]{0,62}\*?$|^\*$/, 'is not a record type, or its beginning and *'),
  )
  .min(1)
  .max(64)
  .default(['*'])

/** Which records are told to people where nothing is said. */
const Noticed = Select.unwrap().default([...NOTICED])
const Link = z
  .string()
  .max(256)
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'is no URL')
  .transform((text) => text.replace(/\/+$/, ''))
/** An address as it stands in an envelope: nothing in it that SMTP, a header or a list could read as more. */
const Address = z
  .string()
  .max(254)
  .regex(/^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+$/, 'is no e-mail address')

const common = {
  name: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'is not a name like siem-1'),
  /** Types of records that go there. */
  select: Select,
}
const tls = {
  /** Certificates to trust instead of the machine's. */
  ca: Path.optional(),
  /** Client certificate and its key, PEM. */
  cert: Path.optional(),
  key: Path.optional(),
}

const Syslog = z.strictObject({
  ...common,
  ...tls,
  kind: z.literal('syslog'),
  /** `tls://host:6514`, or `tcp://` to this machine. */
  address: z.string().max(256),
  format: z.enum(['ocsf', 'cef', 'record']).default('ocsf'),
})
const Otlp = z.strictObject({
  ...common,
  ...tls,
  kind: z.literal('otlp'),
  /** Base URL of a collector: `/v1/logs` and `/v1/traces` are put behind it. */
  url: z.string().max(1024),
  signals: z
    .array(z.enum(['logs', 'traces']))
    .min(1)
    .default(['logs', 'traces']),
  /** File with one `Name: value` per line, for credentials. */
  headers_file: Path.optional(),
})
const Webhook = z.strictObject({
  ...common,
  ...tls,
  kind: z.literal('webhook'),
  url: z.string().max(1024),
  /** File with the key of the signatures: at least 24 bytes, as text or as `whsec_` and base64. */
  secret_file: Path,
  /** With `notice`, what people are told of it; records that tell nobody anything are left out. */
  format: z.enum(['ocsf', 'record', 'notice']).default('ocsf'),
  /** With `notice`: where people reach the control listener. */
  link: Link.optional(),
})
const Slack = z.strictObject({
  ...common,
  select: Noticed,
  kind: z.literal('slack'),
  /** File with the address of an incoming webhook, which is its own credential. */
  url_file: Path,
  ca: Path.optional(),
  /** Where people reach the control listener; where it listens, if nothing is said. */
  link: Link.optional(),
})
const Email = z.strictObject({
  ...common,
  ...tls,
  select: Noticed,
  kind: z.literal('email'),
  /** `smtps://host:465`, or `smtp://host:587`, where STARTTLS is insisted on. */
  address: z.string().max(256),
  from: Address,
  to: z.array(Address).min(1).max(32),
  username: z.string().min(1).max(254).optional(),
  password_file: Path.optional(),
  link: Link.optional(),
})
const File = z.strictObject({
  ...common,
  kind: z.literal('file'),
  path: Path,
  format: z.enum(['ocsf', 'record']).default('record'),
  /** A file of this size is put aside with its last index in the name. */
  rotate_mb: z.number().int().min(1).max(65_536).default(1024),
})

const Sinks = z.strictObject({
  sinks: z
    .array(z.discriminatedUnion('kind', [Syslog, Otlp, Webhook, Slack, Email, File]))
    .max(SINKS_MAX),
})

/** One sink as `sinks.yaml` says it. */
export type SinkSettings = z.infer<typeof Sinks>['sinks'][number]
/** A sink that speaks to another machine. */
export type RemoteSink = Exclude<SinkSettings, { kind: 'file' }>

/**
 * The sinks of a home; none where there is no `sinks.yaml`. Throws `export.settings`, naming the place, for a file that cannot be
 * read, that others may write, or that says what is not understood: an export that was meant and does not happen must not pass.
 */
export function readSinks(home: string): SinkSettings[] {
  const path = join(home, 'sinks.yaml')
  if (!existsSync(path)) return []
  const { mode, size } = statSync(path)
  if ((mode & 0o022) !== 0) throw wrong('sinks.yaml may be written by others: chmod 600')
  if (size > FILE_MAX) throw wrong('sinks.yaml is too large')
  const document = parseDocument(readFileSync(path, 'utf8'), { strict: true, uniqueKeys: true })
  const [problem] = document.errors
  if (problem !== undefined) throw wrong(`sinks.yaml: ${problem.message.split('\n')[0] ?? ''}`)
  const parsed = Sinks.safeParse(plain(document))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw wrong(
      `sinks.yaml: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not understood'}`,
    )
  }
  const { sinks } = parsed.data
  sinks.forEach(checkTarget)
  const twice = sinks.find(({ name }, i) => sinks.findIndex((one) => one.name === name) !== i)
  if (twice !== undefined) throw wrong(`sinks.yaml: the name ${twice.name} is there twice`)
  return sinks
}

/** Where a sink is, as it may be shown: without credentials. */
export function targetOf(sink: SinkSettings): string {
  if (sink.kind === 'file') return sink.path
  // The address of a channel is its credential.
  if (sink.kind === 'slack') return 'slack'
  const { protocol, host, pathname } = new URL(addressOf(sink))
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`
}

/** The URL of a sink on another machine. */
function addressOf(sink: Exclude<RemoteSink, { kind: 'slack' }>): string {
  return 'address' in sink ? sink.address : sink.url
}

/** True for a sink that tells people: it begins with what is recorded from now on. */
export function tellsPeople(sink: SinkSettings): boolean {
  if (sink.kind === 'webhook') return sink.format === 'notice'
  return sink.kind === 'slack' || sink.kind === 'email'
}

/** Of sinks that are not spoken to by HTTP. Both of mail are TLS, from the first byte or from STARTTLS on. */
const SCHEMES: Readonly<Partial<Record<SinkSettings['kind'], readonly string[]>>> = {
  syslog: ['tls:', 'tcp:'],
  email: ['smtps:', 'smtp:'],
}
const SECURE = ['https:', 'tls:', 'smtps:', 'smtp:']
const CLEAR = ['http:', 'tcp:']
const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost']

function checkTarget(sink: SinkSettings): void {
  if (sink.kind === 'file' || sink.kind === 'slack') return
  const address = addressOf(sink)
  const where = `sinks.yaml: ${sink.name}`
  if (!URL.canParse(address)) throw wrong(`${where}: the address is no URL`)
  const { protocol, hostname, port, username, password } = new URL(address)
  const wanted = SCHEMES[sink.kind] ?? ['https:', 'http:']
  if (!wanted.includes(protocol))
    throw wrong(`${where}: the address begins with ${wanted.join('// or ')}//`)
  if (username !== '' || password !== '') throw wrong(`${where}: credentials belong in a file`)
  if ('address' in sink && port === '') throw wrong(`${where}: the address needs a port`)
  if (!isOutboundHost(hostname)) throw wrong(`${where}: nothing is sent to that address`)
  if (!SECURE.includes(protocol) && !(CLEAR.includes(protocol) && LOOPBACK.includes(hostname))) {
    throw wrong(`${where}: records leave this machine under TLS alone`)
  }
}

/** The document without aliases, which a list of sinks has no use for. */
function plain(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 })
  } catch (cause) {
    throw exportFault('export.settings', 'sinks.yaml: aliases are not understood here', cause)
  }
}

function wrong(detail: string): Error {
  return exportFault('export.settings', detail.slice(0, 300))
}
