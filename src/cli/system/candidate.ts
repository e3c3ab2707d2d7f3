// Holds what is to be looked at, as options say it: a program of this machine, a server on the network, an API, or a document.

import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { fault } from '../faults.ts'
import { repeated } from '../repeat.ts'
import { authOf, withAuth, type AuthOptions } from './auth.ts'
import { documentFrom } from './document.ts'
import { findProgram, secretsOf } from './program.ts'

/** Options that say how a system is reached. */
export interface CandidateOptions extends AuthOptions {
  readonly url?: string
  readonly openapi?: string
  readonly base?: string
  readonly describeOnly?: boolean
  readonly tables?: string
  readonly env?: readonly string[]
  readonly envFile?: string
  readonly cwd?: string
  readonly reach?: readonly string[]
  readonly clearText?: boolean
  readonly sandbox?: string
  readonly read?: readonly string[]
  readonly write?: readonly string[]
  readonly network?: readonly string[]
}

/** Adds the options. */
export function withCandidate(command: Command): Command {
  command
    .option('--url <url>', 'in place of a command: an MCP server on the network')
    .option(
      '--openapi <file>',
      'in place of a command: an API, by its OpenAPI document (a file, or an https URL)',
    )
    .option('--base <url>', 'of an API: the URL that its paths stand under')
    .option('--describe-only', 'of an API: the gateway has no way to it, programs ask about it')
    .option('--tables <file>', 'in place of a command: a description of database tables')
    .option(
      '--env <name>',
      'a variable that it needs; the value is taken from here, and sealed; may be repeated',
      repeated,
    )
    .option('--env-file <file>', 'values of variables, lines of NAME=VALUE')
    .option('--cwd <dir>', 'folder that it runs in')
    .option('--sandbox <off>', 'off: the program runs without a sandbox')
    .option('--read <dir>', 'a folder that the program may read; may be repeated', repeated)
    .option('--write <dir>', 'a folder that the program may write; may be repeated', repeated)
    .option(
      '--network <host>',
      'a host that the program may connect to, NAME or NAME:PORT; may be repeated',
      repeated,
    )
    .option('--reach <private>', 'private: it may have a private or loopback address', repeated)
    .option('--clear-text', 'it may be spoken to without TLS: anybody on the way reads all of it')
  return withAuth(command)
}

const OF_PROGRAMS = ['env', 'envFile', 'cwd', 'sandbox', 'read', 'write', 'network'] as const
const OF_NETWORK = [
  ...(['reach', 'clearText', 'auth', 'bearerFrom', 'headerFrom'] as const),
  ...(['queryFrom', 'basicFrom', 'mtls', 'secretFrom'] as const),
]

function refuse(
  options: CandidateOptions,
  names: readonly (keyof CandidateOptions)[],
  what: string,
): void {
  const given = names.find((name) => options[name] !== undefined)
  if (given === undefined) return
  const flag = given.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  throw fault('cli.usage', `--${flag} is for ${what}`)
}

/** The body of a look, and of a pin. Throws `cli.usage`. */
export async function candidateOf(
  context: Context,
  words: readonly string[],
  options: CandidateOptions,
): Promise<object> {
  const { openapi, tables, url } = options
  const [command] = words
  if ([command, url, openapi, tables].filter((one) => one !== undefined).length !== 1) {
    throw fault(
      'cli.usage',
      'name one of: a command after --, --url URL, --openapi FILE, --tables FILE',
    )
  }
  if (command !== undefined) {
    refuse(options, [...OF_NETWORK, 'base', 'describeOnly'], 'systems on the network')
    return program(context, words, options)
  }
  refuse(options, OF_PROGRAMS, 'programs')
  if (url !== undefined) {
    const { auth, secrets } = await authOf(context, options)
    context.screen.say(`asking ${shownUrl(url)} what it offers`)
    return { transport: { kind: 'mcp', url, auth, reach: reachOf(options) }, secrets }
  }
  if (openapi !== undefined && options.describeOnly !== true) return api(context, openapi, options)
  refuse(options, [...OF_NETWORK, 'base'], 'systems that the gateway has a way to')
  const source = openapi === undefined ? 'tables' : 'openapi'
  const document = await documentFrom(context, openapi ?? tables ?? '')
  return { transport: { kind: 'external', source }, document }
}

async function api(context: Context, file: string, options: CandidateOptions): Promise<object> {
  const document = await documentFrom(context, file)
  const url = options.base ?? serverOf(document, file)
  const { auth, secrets } = await authOf(context, options)
  context.screen.say(`its requests go to ${shownUrl(url)}`)
  return { transport: { kind: 'api', url, auth, reach: reachOf(options) }, secrets, document }
}

/** The only server that a document names, if it names one that a URL can be made of. */
function serverOf(document: string, file: string): string {
  const { servers } = JSON.parse(document) as { readonly servers?: unknown }
  const urls = Array.isArray(servers)
    ? servers.map((server: unknown) => (server as { readonly url?: unknown } | null)?.url)
    : []
  const [url] = urls
  if (urls.length === 1 && typeof url === 'string' && !url.includes('{')) {
    const from = /^https?:/i.test(file) ? file : undefined
    const whole = URL.parse(url, from)
    if (whole !== null && /^https?:$/.test(whole.protocol)) return whole.href
  }
  throw fault(
    'cli.usage',
    'say where its paths stand: --base URL; or that nobody goes there through here: --describe-only',
  )
}

/** A URL without what could be a secret in it. */
function shownUrl(url: string): string {
  const parsed = URL.parse(url)
  return parsed === null ? 'it' : `${parsed.origin}${parsed.pathname}`
}

function reachOf({ reach = [], clearText }: CandidateOptions): object {
  const odd = reach.find((word) => word !== 'private')
  if (odd !== undefined) throw fault('cli.usage', '--reach takes `private`')
  return { ...(reach.length > 0 && { private: true }), ...(clearText === true && { clearText }) }
}

async function program(
  context: Context,
  [command = '', ...args]: readonly string[],
  options: CandidateOptions,
): Promise<object> {
  const { shell, screen } = context
  const secrets = await secretsOf(context, options)
  // A relative path among the arguments means what it means in this shell.
  const cwd = resolve(shell.cwd, options.cwd ?? '.')
  const path = findProgram(command, shell.cwd, shell.env)
  screen.say(`starting ${path} to see what it offers`)
  const sandbox = sandboxOf(options, shell.cwd)
  return {
    transport: {
      kind: 'stdio',
      command: path,
      args,
      cwd,
      env: Object.keys(secrets),
      ...(sandbox !== undefined && { sandbox }),
    },
    secrets,
  }
}

/** The terms of its sandbox; undefined where nothing is said. */
function sandboxOf(options: CandidateOptions, from: string): object | undefined {
  const { sandbox, read, write, network } = options
  if (sandbox !== undefined && sandbox !== 'off') {
    throw fault('cli.usage', '--sandbox takes `off`: otherwise a program has one')
  }
  if (sandbox === 'off') {
    refuse(options, ['read', 'write', 'network'], 'programs that have a sandbox')
    return { off: true }
  }
  if (read === undefined && write === undefined && network === undefined) return undefined
  const whole = (folders: readonly string[]) => folders.map((folder) => resolve(from, folder))
  return {
    ...(read !== undefined && { read: whole(read) }),
    ...(write !== undefined && { write: whole(write) }),
    ...(network !== undefined && { network }),
  }
}
