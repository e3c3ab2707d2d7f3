// Holds documents of trust sources: who vouches for workloads. Sources of logins have a secret, and secrets are in no document.

import { z } from 'zod'
import { pem, readPem } from '../../../std/pem.ts'
import { Fault } from '../../../std/fault.ts'
import { Name } from '../../../wire/api/text.ts'
import { TrustAnswer, TrustSource } from '../../../wire/api/trust.ts'
import { differing, type Kind, type Members } from '../kind.ts'
import type { Tree } from '../yaml.ts'

/** PEM as the server keeps it, so that line ends and space around blocks are no difference. */
const Certificates = z
  .string()
  .max(65_536)
  .transform((text, check) => {
    try {
      const read = readPem('CERTIFICATE', text)
      if (read.length > 0) return read.map((der) => pem('CERTIFICATE', der)).join('')
    } catch (error) {
      if (!(error instanceof Fault)) throw error
    }
    check.addIssue({ code: 'custom', message: 'is not one certificate or more in PEM' })
    return z.NEVER
  })

const named = { kind: z.literal('trust'), name: Name }

const Schema = z.discriminatedUnion('type', [
  z.strictObject({
    ...named,
    type: z.literal('oidc'),
    issuer: z.string().min(1).max(512),
    audience: z.string().min(1).max(512),
    certificates: Certificates.optional(),
  }),
  z.strictObject({ ...named, type: z.literal('x509'), certificates: Certificates }),
  z.strictObject({
    ...named,
    type: z.literal('signals'),
    issuer: z.string().min(1).max(512),
    audience: z.string().min(1).max(512),
    login: Name,
    certificates: Certificates.optional(),
  }),
])

const TYPES = {
  'attest-oidc': 'oidc',
  'attest-x509': 'x509',
  login: 'login',
  signals: 'signals',
} as const

function membersOf({ kind, issuer, audience, certificates, login }: TrustSource): Members {
  return {
    type: TYPES[kind],
    ...(issuer !== null && { issuer }),
    ...(audience !== null && { audience }),
    ...(certificates !== null && { certificates }),
    ...(login !== null && { login }),
  }
}

/** The kind `trust`. */
export const trustKind: Kind = {
  kind: 'trust',
  schema: Schema as unknown as Kind['schema'],
  current: async (control) => {
    const { sources } = await control.get('/v1/trust', TrustAnswer)
    return new Map(sources.map((source) => [source.name, membersOf(source)]))
  },
  differences: (now, wanted) => {
    const found = now === undefined ? differing(undefined, wanted) : differs(now, wanted)
    // Another source under the same name vouches for nobody who came by the first: that is not done in passing.
    return now === undefined || found.length === 0
      ? found
      : `it is trusted with another ${found.map(({ member }) => member).join(', ')}: remove it first, with bailiwick trust rm`
  },
  send: async ({ control, reason }, name, _now, wanted) => {
    const { kind: _kind, type, ...said } = wanted
    const kind = type === 'signals' ? type : `attest-${type as string}`
    const body = { ...said, name, kind, reason }
    await control.send('POST', '/v1/trust', body, TrustSource)
  },
  exported: (name, now) => (now['type'] === 'login' ? undefined : { kind: 'trust', name, ...now }),
}

/** Unlike of an agent, a member that is left out is one that is not there. */
function differs(now: Members, wanted: Members): ReturnType<typeof differing> {
  const absent = Object.keys(now).filter((member) => !(member in wanted))
  const gone = Object.fromEntries(absent.map((member): [string, Tree] => [member, null]))
  return differing(now, { ...wanted, ...gone })
}
