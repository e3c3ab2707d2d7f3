// Holds the first operator: the person whom a new home begins with, and the credential of their own programs.

import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { base64url, sha256 } from '../std/bytes.ts'
import { isName } from '../std/id.ts'
import type { People } from '../authority/registry/people.ts'

/** Roles of the first operator. */
const ROLES = ['administrator', 'operator']

/** What `operator.json` holds (0600). History: v1. */
export interface OperatorCredential {
  readonly name: string
  /** Person id. */
  readonly person: string
  /** URL of the control listener. */
  readonly control: string
  readonly kid: string
  /** Ed25519 private key, JWK. */
  readonly key: object
}

function existing(path: string): OperatorCredential | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as OperatorCredential
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function publish(path: string, credential: OperatorCredential): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(credential, null, 2)}\n`, {
    mode: 0o600,
    flush: true,
  })
  renameSync(`${path}.new`, path)
}

/** The account's name where it may be a person's, else `operator`. */
function operatorName(account: string): string {
  const name = account
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  return isName(name) && name !== 'root' ? name : 'operator'
}

/** A credential whose person is not there yet: the key is on disk before anybody is made who could not be. */
function draft(account: string, control: string): OperatorCredential {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }))
  return {
    name: operatorName(account),
    person: '',
    control,
    kid: base64url(sha256(spki)),
    key: privateKey.export({ format: 'jwk' }),
  }
}

function publicHalf(credential: OperatorCredential): string {
  const key = createPrivateKey({ key: credential.key as { kty: string }, format: 'jwk' })
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return base64url(new Uint8Array(spki))
}

/**
 * Makes the first operator of a home without people, and keeps the address in their credential right. A crash between the
 * file and the person is mended by the next start. Undefined where people exist and their credential was taken elsewhere:
 * such a home is not given another way in.
 */
export async function ensureOperator(
  home: string,
  people: People,
  of: { readonly account: string; readonly control: string },
): Promise<OperatorCredential | undefined> {
  const path = join(home, 'operator.json')
  const found = existing(path)
  if (found === undefined && people.list().length > 0) return undefined
  const credential = { ...(found ?? draft(of.account, of.control)), control: of.control }
  if (found === undefined) publish(path, credential)
  const { kid, name } = credential
  const person =
    people.byCredential(kid) ??
    (people.list().length === 0
      ? await people.create({ name, roles: ROLES, publicKey: publicHalf(credential) })
      : undefined)
  if (person === undefined) return undefined
  const whole = { ...credential, person: person.id }
  if (found?.person !== whole.person || found.control !== whole.control) publish(path, whole)
  return whole
}
