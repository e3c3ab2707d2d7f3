// Holds how a system is shown who calls it, as the control API takes it. History: v1, v2 as `../upstream-auth.ts`.

import { z } from 'zod'

const Url = z.url({ protocol: /^https?$/ }).max(2_048)
const Text = z.string().min(1).max(1_024)
/** The name of a sealed value: that of an environment variable. */
const Variable = z
  .string()
  .max(128)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of an environment variable')

const TokenTerms = {
  tokenUrl: Url,
  clientId: Text,
  secret: Variable.optional(),
  scope: Text.optional(),
  resource: Url.optional(),
  revocationUrl: Url.optional(),
}
const Minted = { perCall: z.boolean().optional() }

/** Headers that are ours to write, or the connection's: no credential stands in them. */
const RESERVED = new Set([
  'host',
  'connection',
  'content-length',
  'content-type',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'keep-alive',
  'proxy-connection',
  'accept',
  'accept-encoding',
  'traceparent',
  'tracestate',
])

const HeaderValue = {
  header: z
    .string()
    .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/, 'is not the name of a header')
    .refine((name) => !RESERVED.has(name.toLowerCase()), 'is no header for a credential'),
  prefix: z
    .string()
    .max(64)
    .regex(/^[\x20-\x7e]*$/, 'cannot stand in a header')
    .optional(),
  secret: Variable,
}

/** How a request to a system is equipped; every `secret` is the name of a sealed value. */
export const UpstreamAuth = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z
    .strictObject({
      kind: z.literal('header'),
      ...HeaderValue,
      more: z.array(z.strictObject(HeaderValue)).max(8).optional(),
      ...Minted,
    })
    .refine(
      ({ header, more = [] }) => {
        const names = [header, ...more.map((one) => one.header)].map((name) => name.toLowerCase())
        return new Set(names).size === names.length
      },
      { path: ['more'], message: 'names a header twice' },
    ),
  z.strictObject({
    kind: z.literal('query'),
    parameter: z.string().regex(/^[A-Za-z0-9._~-]{1,64}$/, 'is not the name of a parameter'),
    secret: Variable,
  }),
  z.strictObject({
    kind: z.literal('basic'),
    // RFC 7617 §2: a user-id with a colon cannot be told from its password.
    user: Text.regex(/^[^:\p{Cc}]*$/u, 'has a colon or a control character'),
    secret: Variable,
    ...Minted,
  }),
  z.strictObject({
    kind: z.literal('client_credentials'),
    ...TokenTerms,
    audience: Text.optional(),
    ...Minted,
  }),
  z.strictObject({
    kind: z.literal('token_exchange'),
    ...TokenTerms,
    audience: Text.optional(),
    subject: z.string().min(1).max(63).optional(),
    ...Minted,
  }),
  z.strictObject({
    kind: z.literal('user'),
    authorizationUrl: Url,
    issuer: Url.optional(),
    ...TokenTerms,
  }),
  z.strictObject({ kind: z.literal('mtls') }),
  z.strictObject({
    kind: z.literal('sigv4'),
    region: Text,
    service: Text,
    accessKey: Variable,
    secret: Variable,
    sessionToken: Variable.optional(),
  }),
])
