// Holds equipping with AWS Signature Version 4: the signature is made over the request that really leaves.

import { AwsV4Signer } from 'aws4fetch'
import { hex, sha256 } from '../../std/bytes.ts'
import { rfc3339, type Clock } from '../../std/clock.ts'
import { NOTHING_EQUIPPED, type Equipment, type SignedRequest } from '../../gateway/equipment.ts'
import type { Auth, Equipped, Equipping } from './equipping.ts'
import type { Opened } from './source.ts'

/** Keys in clear, for one call. */
export interface AwsKeys {
  readonly accessKey: string
  readonly secret: string
  readonly sessionToken?: string
}

/** Keys, and a signer over them. */
export async function equipSigv4(of: Equipping<'sigv4'>): Promise<Awaited<Equipped>> {
  const { auth, open, parts } = of
  const accessKey = await open(auth.accessKey)
  const secret = await open(auth.secret)
  const token = auth.sessionToken === undefined ? undefined : await open(auth.sessionToken)
  const opened: readonly Opened[] = [accessKey, secret, ...(token === undefined ? [] : [token])]
  const keys = {
    accessKey: accessKey.value,
    secret: secret.value,
    ...(token !== undefined && { sessionToken: token.value }),
  }
  // What a signature says is no key, but whoever has it can send that very request again for some minutes.
  const secrets: string[] = [keys.secret, ...(token === undefined ? [] : [token.value])]
  const used = opened.map(({ id }) => id)
  return {
    ...NOTHING_EQUIPPED,
    secrets,
    account: used.join(' '),
    used,
    sign: async (request) => {
      const headers = await signV4(request, keys, auth, parts.clock)
      const signature = headers['authorization']?.split('Signature=').at(-1)
      if (signature !== undefined) secrets.push(signature)
      return headers
    },
  } satisfies Equipment
}

/**
 * The headers that sign a request: `authorization`, `x-amz-date`, `x-amz-security-token`, `x-amz-content-sha256`. Host and every header
 * that the library signs by default are covered; a body that streams is signed as `UNSIGNED-PAYLOAD`, which only S3 takes.
 */
export async function signV4(
  request: SignedRequest,
  keys: AwsKeys,
  { region, service }: Pick<Auth<'sigv4'>, 'region' | 'service'>,
  clock: Pick<Clock, 'now'>,
): Promise<Readonly<Record<string, string>>> {
  const datetime = rfc3339(clock.now()).replaceAll(/[:-]|\.\d{3}/g, '')
  const streams = request.body === undefined && !/^(GET|HEAD|DELETE|OPTIONS)$/.test(request.method)
  const headers = new Headers(request.headers)
  // S3 wants it said; for it the library would leave the body out of the signature, which nothing asks for.
  if (streams) headers.set('x-amz-content-sha256', 'UNSIGNED-PAYLOAD')
  else if (service === 's3') {
    headers.set('x-amz-content-sha256', hex(sha256(request.body ?? new Uint8Array())))
  }
  const signer = new AwsV4Signer({
    method: request.method,
    url: request.url.href,
    headers,
    ...(request.body !== undefined && { body: bufferOf(request.body) }),
    accessKeyId: keys.accessKey,
    secretAccessKey: keys.secret,
    ...(keys.sessionToken !== undefined && { sessionToken: keys.sessionToken }),
    region,
    service,
    datetime,
  })
  const signed = (await signer.sign()).headers
  const out: Record<string, string> = {}
  for (const name of [
    'authorization',
    'x-amz-date',
    'x-amz-security-token',
    'x-amz-content-sha256',
  ]) {
    const value = signed.get(name)
    if (value !== null) out[name] = value
  }
  return out
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}
