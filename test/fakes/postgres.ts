// Holds a real PostgreSQL for tests: a cluster of its own in a temporary folder, on a socket alone, run by an account that is not root.

import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Client, type QueryResult } from 'pg'

/** Where Debian puts PostgreSQL, by major version. */
const VERSIONS = '/usr/lib/postgresql'
/** How long a server may take to be ready (ms): it may have to recover first. */
const READY_MS = 60_000

/** What a server is started with. */
export interface PostgresOptions {
  /** True where the test is about what survives: then nothing is left to the operating system. */
  readonly durable?: boolean
}

/** One database of a server, with the two roles of a deployment. */
export interface PostgresDatabase {
  readonly name: string
  /** As the role that owns the schemas and migrates. */
  readonly ownerUrl: string
  /** As the role that the application runs under: no superuser, owner of nothing. */
  readonly url: string
  /** Name of the application's role. */
  readonly role: string
  /** As the superuser of the cluster: an administrator who tries things. */
  readonly adminUrl: string
}

/** A running server. Leaving its scope stops it and removes its folder. */
export class PostgresServer implements AsyncDisposable {
  /** Folder of the socket. */
  readonly folder: string
  readonly #account: { readonly uid: number; readonly gid: number } | undefined
  readonly #durable: boolean
  #process: ChildProcess | undefined
  #databases = 0

  private constructor(folder: string, durable: boolean) {
    this.folder = folder
    this.#durable = durable
    this.#account = otherAccount()
  }

  /** Makes a cluster and starts it. */
  static async start({ durable = false }: PostgresOptions = {}): Promise<PostgresServer> {
    const server = new PostgresServer(mkdtempSync(join(tmpdir(), 'bailiwick-pg-')), durable)
    try {
      server.#prepare()
      await server.run()
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
    return server
  }

  /** Process id of the postmaster. */
  get pid(): number {
    const pid = this.#process?.pid
    if (pid === undefined) throw new Error('the server is not running')
    return pid
  }

  /** False once it was stopped, or ended. */
  get running(): boolean {
    const child = this.#process
    return child !== undefined && child.exitCode === null && child.signalCode === null
  }

  /** Starts the server on its cluster; resolves when it takes connections. */
  async run(): Promise<void> {
    const careless = [
      '-c',
      'fsync=off',
      '-c',
      'synchronous_commit=off',
      '-c',
      'full_page_writes=off',
    ]
    const child = spawn(
      program('postgres'),
      [
        '-D',
        join(this.folder, 'data'),
        '-k',
        this.folder,
        '-c',
        'listen_addresses=',
        '-c',
        'max_connections=100',
        '-c',
        'shared_buffers=32MB',
        ...(this.#durable ? [] : careless),
      ],
      { stdio: 'ignore', ...this.#account },
    )
    this.#process = child
    const end = performance.now() + READY_MS
    while (performance.now() < end) {
      if (child.exitCode !== null || child.signalCode !== null) break
      if (await answers(this.#url('postgres', 'postgres'))) return
      await pause(20)
    }
    throw new Error('postgres did not start')
  }

  /** Ends the server: in order (`fast`), or as a crash would (`immediate`: all its processes at once). */
  async stop(mode: 'fast' | 'immediate' = 'immediate'): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT')
    await ended
  }

  /** A database with an owner and an application role, neither of which may do more than its part. */
  async database(): Promise<PostgresDatabase> {
    const name = `bw_${(this.#databases += 1)}`
    const [owner, role] = [`${name}_owner`, `${name}_app`]
    await this.query(`create role ${owner} login nosuperuser nocreatedb nocreaterole`)
    await this.query(`create role ${role} login nosuperuser nocreatedb nocreaterole`)
    await this.query(`create database ${name} owner ${owner}`)
    return {
      name,
      role,
      ownerUrl: this.#url(owner, name),
      url: this.#url(role, name),
      adminUrl: this.#url('postgres', name),
    }
  }

  /** Runs statements as the superuser, in a database; gives the rows of the last. */
  async query(statement: string, database = 'postgres'): Promise<Record<string, unknown>[]> {
    return (await this.#last(statement, database)).rows
  }

  /** The same; gives how many rows the last changed. */
  async change(statement: string, database: string): Promise<number> {
    return (await this.#last(statement, database)).rowCount ?? 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  async #last(statement: string, database: string): Promise<QueryResult<Record<string, unknown>>> {
    const client = new Client({ connectionString: this.#url('postgres', database) })
    await client.connect()
    try {
      // Several statements at once have a result each.
      const results = [await client.query<Record<string, unknown>>(statement)].flat()
      return results.at(-1)!
    } finally {
      await client.end()
    }
  }

  #prepare(): void {
    // Other accounts go through to the socket; the data stays the server's own.
    chmodSync(this.folder, 0o711)
    const data = join(this.folder, 'data')
    mkdirSync(data, { mode: 0o700 })
    if (this.#account !== undefined) {
      for (const path of [this.folder, data]) chownSync(path, this.#account.uid, this.#account.gid)
    }
    const settings = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C']
    execFileSync(program('initdb'), ['-D', data, '--no-sync', '--no-instructions', ...settings], {
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: this.folder,
      ...this.#account,
    })
  }

  #url(role: string, database: string): string {
    return `postgresql://${role}@localhost/${database}?host=${encodeURIComponent(this.folder)}`
  }
}

/** PostgreSQL refuses to run as root: then it runs as the account that Debian made for it. */
function otherAccount(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const of = (flag: string): number =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: of('-u'), gid: of('-g') }
}

/** A program of the newest PostgreSQL on this machine. */
function program(name: string): string {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS) : []
  const newest = versions.toSorted((a, b) => Number(a) - Number(b)).at(-1)
  if (newest === undefined)
    throw new Error('PostgreSQL is not installed: apt-get install postgresql')
  return join(VERSIONS, newest, 'bin', name)
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url })
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}
