// Holds how a system on the network is shown who calls it, as options say it: the way as it is pinned, the values beside it.

import type { Command } from 'commander'
import { UpstreamAuth as AuthShape } from '../../wire/api/upstream-auth.ts'
import type { UpstreamAuth } from '../../wire/upstream-auth.ts'
import { readYaml } from '../apply/yaml.ts'
import type { Context } from '../context.ts'
import { fault } from '../faults.ts'
import { repeated } from '../repeat.ts'
import { textFile } from '../text-file.ts'
import { valueFrom } from './value-source.ts'

/** Options of the ways that there are. */
export interface AuthOptions {
  readonly auth?: string
  readonly bearerFrom?: string
  readonly headerFrom?: readonly string[]
  readonly queryFrom?: string
  readonly basicFrom?: string
  readonly mtls?: boolean
  readonly secretFrom?: readonly string[]
}

/** A way of authenticating, and the values that it names. */
export interface Authenticating {
  readonly auth: UpstreamAuth
  readonly secrets: Readonly<Record<string, string>>
}

type Plain = Omit<Authenticating, 'auth'> & { readonly auth: UpstreamAuth }

/** Adds the options. */
export function withAuth(command: Command): Command {
  return command
    .option(
      '--bearer-from <source>',
      'a bearer token: - for standard input, env:NAME, ask, or a file',
    )
    .option(
      '--header-from <name=source>',
      'a header with a key, for example X-Api-Key=env:KEY; may be repeated',
      repeated,
    )
    .option('--query-from <name=source>', 'a parameter of the query with a key')
    .option('--basic-from <user=source>', 'a user and where the password comes from')
    .option('--mtls', "mutual TLS with Bailiwick's own certificate")
    .option(
      '--auth <file>',
      'any other way, in YAML: client_credentials, token_exchange, user, sigv4…',
    )
    .option(
      '--secret-from <name=source>',
      'the value of a name that the file of --auth has; may be repeated',
      repeated,
    )
}

function pair(entry: string, option: string): readonly [name: string, source: string] {
  const at = entry.indexOf('=')
  // What stands there may be a value that somebody gave by mistake: it is not repeated.
  if (at <= 0) throw fault('cli.usage', `${option} takes NAME=SOURCE`)
  return [entry.slice(0, at), entry.slice(at + 1)]
}

function variable(name: string): string {
  return name
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, '_')
    .replace(/^(?=\d)/, '_')
    .slice(0, 128)
}

async function headers(context: Context, entries: readonly string[]): Promise<Plain> {
  const secrets: Record<string, string> = {}
  const all = []
  for (const entry of entries) {
    const [header, source] = pair(entry, '--header-from')
    const secret = variable(header)
    secrets[secret] = await valueFrom(context, source, `the header ${header.slice(0, 64)}`)
    all.push({ header, secret })
  }
  const [first, ...more] = all
  const auth = { kind: 'header', ...first!, ...(more.length > 0 && { more }) } as UpstreamAuth
  return { auth, secrets }
}

async function fromFile(context: Context, file: string, given: readonly string[]): Promise<Plain> {
  const [document] = readYaml({ file, text: textFile(context, file) })
  const read = AuthShape.safeParse(document?.tree)
  if (!read.success) {
    const [issue] = read.error.issues
    const place = issue?.path.join('.') ?? ''
    throw fault('cli.file', `${file} says no way to authenticate: ${place} ${issue?.message ?? ''}`)
  }
  const secrets: Record<string, string> = {}
  for (const entry of given) {
    const [name, source] = pair(entry, '--secret-from')
    secrets[name] = await valueFrom(context, source, name.slice(0, 64))
  }
  return { auth: read.data as UpstreamAuth, secrets }
}

/** What the options say. Throws `cli.usage` where they say two ways, or a value stands among them. */
export async function authOf(context: Context, options: AuthOptions): Promise<Authenticating> {
  const { auth, bearerFrom, headerFrom, queryFrom, basicFrom, mtls, secretFrom } = options
  const ways = [auth, bearerFrom, headerFrom, queryFrom, basicFrom, mtls === true ? '' : undefined]
  if (ways.filter((way) => way !== undefined).length > 1) {
    throw fault('cli.usage', 'one way to authenticate is enough')
  }
  if (secretFrom !== undefined && auth === undefined) {
    throw fault('cli.usage', '--secret-from gives a value to a name in the file of --auth')
  }
  if (auth !== undefined) return fromFile(context, auth, secretFrom ?? [])
  if (headerFrom !== undefined) return headers(context, headerFrom)
  if (bearerFrom !== undefined) {
    const secrets = { TOKEN: await valueFrom(context, bearerFrom, 'the token') }
    const bearer = { header: 'authorization', prefix: 'Bearer ', secret: 'TOKEN' }
    return { auth: { kind: 'header', ...bearer }, secrets }
  }
  if (queryFrom !== undefined) {
    const [parameter, source] = pair(queryFrom, '--query-from')
    const secret = variable(parameter)
    const secrets = { [secret]: await valueFrom(context, source, 'the key') }
    return { auth: { kind: 'query', parameter, secret }, secrets }
  }
  if (basicFrom !== undefined) {
    const [user, source] = pair(basicFrom, '--basic-from')
    const secrets = { PASSWORD: await valueFrom(context, source, 'the password') }
    return { auth: { kind: 'basic', user, secret: 'PASSWORD' }, secrets }
  }
  return { auth: mtls === true ? { kind: 'mtls' } : { kind: 'none' }, secrets: {} }
}
