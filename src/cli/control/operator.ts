// Holds the operator's credential: the file that makes a person's command a person's command.

import { generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { base64url } from '../../std/bytes.ts'
import { Name } from '../../wire/api/text.ts'
import { fault } from '../faults.ts'

/** Name of the file in a home. */
const OPERATOR_FILE = 'operator.json'

const OperatorFile = z.object({
  /** For people: whose it is. */
  name: Name,
  /** Id of the person. */
  person: z.string(),
  /** Address of the control listener. */
  control: z.url({ protocol: /^http$/ }),
  kid: z.string(),
  /** Private Ed25519 key (RFC 8037). */
  key: z.looseObject({
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    x: z.string(),
    d: z.string(),
  }),
})

/** A credential as it stands in its file. */
export type Operator = Omit<z.infer<typeof OperatorFile>, 'key'> & { readonly key: JsonWebKey }

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

/**
 * Reads the credential of a home. Throws `cli.no_operator` where there is none, `cli.operator_exposed` where others could
 * read it, `cli.operator_file` where it is not one. None of them quotes the file.
 */
export function readOperator(home: string): Operator {
  const path = join(home, OPERATOR_FILE)
  let descriptor: number
  try {
    descriptor = openSync(path, 'r')
  } catch (cause) {
    const denied = codeOf(cause) === 'EACCES'
    const what = denied ? `${path} may not be read by this account` : `there is no ${path}`
    throw fault('cli.no_operator', what, cause)
  }
  try {
    const { mode } = fstatSync(descriptor)
    if ((mode & 0o077) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, '0')
      throw fault('cli.operator_exposed', `${path} has mode ${octal}: others could read the key`)
    }
    return parse(readFileSync(descriptor, 'utf8'), path)
  } finally {
    closeSync(descriptor)
  }
}

function parse(text: string, path: string): Operator {
  let tree: unknown
  try {
    tree = JSON.parse(text)
  } catch {
    // The parser's words would quote the file, which holds a key.
    throw fault('cli.operator_file', `${path} is no JSON`)
  }
  const read = OperatorFile.safeParse(tree)
  if (!read.success) {
    const member = read.error.issues[0]?.path.join('.') ?? ''
    throw fault('cli.operator_file', `${path} is no operator credential: look at \`${member}\``)
  }
  return read.data
}

/** A new key pair of a person: the private half for the person's file, the public half for the server. */
export function makeOperatorKey(): {
  readonly key: JsonWebKey
  /** SubjectPublicKeyInfo in DER, base64url. */
  readonly publicKey: string
} {
  const pair = generateKeyPairSync('ed25519')
  const spki = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }))
  const key = pair.privateKey.export({ format: 'jwk' })
  return { key, publicKey: base64url(spki) }
}
