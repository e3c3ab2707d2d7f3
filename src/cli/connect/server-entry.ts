// Holds the reading of one server's entry: how it is reached, which values it takes, or why it stays as it is.

import { existsSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import { publicFault } from '../../std/fault.ts'
import type { Json, JsonObject } from '../../std/json.ts'
import { findProgram, parseEnvFile } from '../system/program.ts'
import { readBridge } from './bridge-entry.ts'
import { credentialArguments, isCredential } from './credential.ts'
import { readConfig } from './file.ts'
import { resolved, type ReferenceScope } from './references.ts'

/** A value that goes into the store. */
export interface Moved {
  readonly value: string
  /** True where it stood in the file itself and is a credential: it has to be replaced at its provider. */
  readonly exposed: boolean
}

/** How a server is reached, in the words of the control API. */
export type Reached =
  | {
      readonly kind: 'stdio'
      readonly command: string
      readonly args: readonly string[]
      readonly cwd?: string
      readonly env: readonly string[]
    }
  | {
      readonly kind: 'mcp'
      readonly url: string
      readonly auth: JsonObject
      readonly reach: { readonly private?: boolean }
    }

/** What an entry is. */
export type Read =
  | { readonly kind: 'ours'; readonly system: string; readonly agent: string }
  | { readonly kind: 'left'; readonly why: string }
  | { readonly kind: 'wanting'; readonly words: readonly string[] }
  | {
      readonly kind: 'server'
      readonly transport: Reached
      readonly values: ReadonlyMap<string, Moved>
    }

/** Where an entry is read. */
export interface ReadScope extends ReferenceScope {
  /** Our home: an entry of ours for another one is somebody else's. */
  readonly home: string
  /** True where credentials among arguments may stay there. */
  readonly keepArguments: boolean
}

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/
/** Ways to sign in that a client goes by itself, with tokens that we never see. */
const OWN_WAYS = ['oauth', 'auth', 'headersHelper', 'bearer_token']

/** Why an entry stays as it is; thrown inside, told outside. */
class Left extends Error {}

/** Takes references and remembers which are missing. */
class Reader {
  readonly wanting = new Set<string>()
  readonly values = new Map<string, Moved>()
  readonly #scope: ReadScope

  constructor(scope: ReadScope) {
    this.#scope = scope
  }

  text(value: Json | undefined, what: string): string {
    if (typeof value !== 'string') throw new Left(`its ${what} is no text`)
    return this.resolve(value).text
  }

  resolve(value: string): { readonly text: string; readonly referred: boolean } {
    const { text, wanting, referred } = resolved(value, this.#scope)
    for (const words of wanting) this.wanting.add(words)
    return { text, referred }
  }

  /** A value of a name; what stood in the file in clear and is a credential is exposed. */
  move(name: string, value: Json | undefined, credential = false): void {
    if (!VARIABLE.test(name)) throw new Left(`\`${name.slice(0, 64)}\` is no name of a variable`)
    const plain = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
    if (typeof plain !== 'string') throw new Left(`the value of ${name} is no text`)
    const { text, referred } = this.resolve(plain)
    const exposed = !referred && (credential || isCredential(name, text))
    this.values.set(name, { value: text, exposed })
  }

  /** A value that the surroundings hold. */
  take(name: string, from: string): void {
    const value = this.#scope.env[from] ?? this.#scope.said.get(from)
    if (value === undefined) this.wanting.add(from)
    else this.values.set(name, { value, exposed: false })
  }
}

function members(value: Json | undefined, what: string): [string, Json][] {
  if (value === undefined || value === null) return []
  if (typeof value !== 'object' || Array.isArray(value)) throw new Left(`its ${what} is no object`)
  return Object.entries(value as JsonObject)
}

function environmentOf(reader: Reader, entry: JsonObject, scope: ReadScope): void {
  const { envFile } = entry
  if (typeof envFile === 'string') {
    const path = resolve(scope.cwd, reader.resolve(envFile).text)
    if (!existsSync(path)) throw new Left('its file of variables is not there')
    for (const [name, value] of Object.entries(parseEnvFile(readConfig(path).text, path))) {
      reader.move(name, value)
    }
  }
  // Said beside a file, a variable counts before the file's.
  for (const [name, value] of members(entry['env'], 'env')) reader.move(name, value)
  const passed = entry['env_vars']
  if (!Array.isArray(passed)) return
  for (const name of passed) if (typeof name === 'string') reader.take(name, name)
}

function stdio(reader: Reader, entry: JsonObject, scope: ReadScope): Reached {
  const { args: given = [] } = entry
  if (!Array.isArray(given)) throw new Left('its args are no list')
  const args = given.map((argument) => reader.text(argument, 'argument'))
  environmentOf(reader, entry, scope)
  const named = reader.text(entry['command'], 'command')
  if (credentialArguments(args).length > 0 && !scope.keepArguments) {
    throw new Left(
      'a credential stands among its arguments, where every program here can read it: hand it over by a variable, or say --keep-arguments',
    )
  }
  const said = entry['cwd'] === undefined ? undefined : reader.text(entry['cwd'], 'cwd')
  const folder = resolve(scope.cwd, said ?? '.')
  const relative = args.some(
    (one) => /[/.]/.test(one) && !isAbsolute(one) && existsSync(resolve(folder, one)),
  )
  const cwd = said !== undefined || relative ? { cwd: folder } : {}
  if (reader.wanting.size > 0) return { kind: 'stdio', command: named, args, env: [] }
  const command = findProgram(named, folder, scope.env)
  return { kind: 'stdio', command, args, ...cwd, env: [...reader.values.keys()] }
}

/** `Authorization` becomes `AUTHORIZATION`: what its value is called in the store. */
function secretName(header: string): string {
  return header
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, '_')
    .replace(/^(?=\d)/, '_')
}

/** True for an address that only this machine, or its own network, has. */
function isPrivateHost(hostname: string): boolean {
  const host = hostname.replaceAll(/^\[|\]$/g, '').toLowerCase()
  if (/^(?:localhost|.*\.localhost|.*\.local|[a-z0-9-]+)$/.test(host)) return true
  return /^(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|::1$|f[cd]|fe80:)/.test(
    host,
  )
}

/** Credentials of a server on the network: any number of headers. */
function headersOf(reader: Reader, entry: JsonObject): readonly JsonObject[] {
  const found: JsonObject[] = []
  for (const name of ['headers', 'http_headers']) {
    for (const [header, value] of members(entry[name], name)) {
      if (typeof value !== 'string')
        throw new Left(`the value of ${header.slice(0, 64)} is no text`)
      const secret = secretName(header)
      const prefix = /^(?:Bearer|Basic|Token|token|ApiKey|Api-Key) +/.exec(value)?.[0] ?? ''
      reader.move(secret, value.slice(prefix.length), /^(?:authorization|cookie)$/i.test(header))
      found.push({ header, ...(prefix !== '' && { prefix }), secret })
    }
  }
  for (const [header, from] of members(entry['env_http_headers'], 'env_http_headers')) {
    const secret = secretName(header)
    reader.take(secret, typeof from === 'string' ? from : '')
    found.push({ header, secret })
  }
  const { bearer_token_env_var: bearer } = entry
  if (typeof bearer === 'string') {
    reader.take('AUTHORIZATION', bearer)
    found.push({ header: 'Authorization', prefix: 'Bearer ', secret: 'AUTHORIZATION' })
  }
  return found
}

/** A credential among the parameters of an address, taken out of it. */
function parameterOf(reader: Reader, url: URL, referred: boolean): JsonObject | undefined {
  const found = [...url.searchParams].filter(([name, value]) => isCredential(name, value))
  const [first] = found
  if (first === undefined) return undefined
  if (found.length > 1) throw new Left('several credentials stand in its address')
  const [parameter, value] = first
  const secret = secretName(parameter)
  reader.values.set(secret, { value, exposed: !referred })
  url.searchParams.delete(parameter)
  return { kind: 'query', parameter, secret }
}

/** A user and a password before the host of an address, taken out of it. */
function userOf(reader: Reader, url: URL, referred: boolean): JsonObject | undefined {
  const { username, password } = url
  if (username === '' && password === '') return undefined
  reader.values.set('PASSWORD', { value: decoded(password), exposed: !referred })
  url.username = ''
  url.password = ''
  return { kind: 'basic', user: decoded(username), secret: 'PASSWORD' }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // A percent sign that stands for itself.
    return text
  }
}

function http(reader: Reader, entry: JsonObject, { client }: ReadScope): Reached {
  if (OWN_WAYS.some((name) => entry[name] !== undefined)) {
    throw new Left('the client signs in to it by itself: add it with `bailiwick system add`')
  }
  // Gemini CLI has two names for two transports.
  const old = client === 'gemini' && entry['httpUrl'] === undefined
  if (entry['type'] === 'sse' || entry['transport'] === 'sse' || old) {
    throw new Left('it speaks the old transport of server-sent events, which ended in 2025')
  }
  const written = entry['httpUrl'] ?? entry['url'] ?? entry['serverUrl']
  const text = reader.text(written, 'url')
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw new Left('its url is none')
  const wants = isPrivateHost(url.hostname)
  if (url.protocol === 'http:' && !wants) throw new Left('it is spoken to in clear text')
  if (url.pathname.split('/').some((part) => isCredential('', part))) {
    throw new Left('a credential stands in the path of its address: hand it over by a header')
  }
  const reach = wants ? { private: true } : {}
  const referred = typeof written === 'string' && written !== text
  const ways = [userOf(reader, url, referred), parameterOf(reader, url, referred)]
  const [first, ...more] = headersOf(reader, entry)
  if (first !== undefined) {
    ways.push({ kind: 'header', ...first, ...(more.length > 0 && { more: [...more] }) })
  }
  const [auth = { kind: 'none' }, ...others] = ways.filter((way) => way !== undefined)
  if (others.length > 0) throw new Left('it takes credentials in several ways')
  return { kind: 'mcp', url: url.href, auth, reach }
}

/** Reads an entry. Total: what cannot be put behind Bailiwick says why, in words that quote no value. */
export function readServer(entry: JsonObject, scope: ReadScope): Read {
  const bridge = readBridge(entry)
  if (bridge !== undefined) {
    if (bridge.home === scope.home)
      return { kind: 'ours', system: bridge.system, agent: bridge.agent }
    return { kind: 'left', why: 'it is an entry of another Bailiwick' }
  }
  const reader = new Reader(scope)
  try {
    const isProgram = entry['command'] !== undefined
    const transport = isProgram ? stdio(reader, entry, scope) : http(reader, entry, scope)
    if (reader.wanting.size > 0) return { kind: 'wanting', words: [...reader.wanting] }
    return { kind: 'server', transport, values: reader.values }
  } catch (error) {
    if (error instanceof Left) return { kind: 'left', why: error.message }
    const { code, detail } = publicFault(error)
    if (code === 'internal') throw error
    return { kind: 'left', why: detail }
  }
}

/** The text of a file of variables, where an entry names one: it keeps its values, which is to be told. */
export function envFileOf(entry: JsonObject, cwd: string): string | undefined {
  const { envFile } = entry
  return typeof envFile === 'string' && existsSync(resolve(cwd, envFile)) ? envFile : undefined
}
