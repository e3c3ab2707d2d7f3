// Holds a real OpenBao or Vault in development mode, where this machine has one, set up through its own API as an operator would.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestVault } from './vault.ts'

/** The program: named by `BAILIWICK_TEST_VAULT`, else `bao` or `vault` on PATH; undefined where there is none. */
export function vaultProgram(): string | undefined {
  const named = process.env['BAILIWICK_TEST_VAULT'] ?? ''
  if (named !== '') return named
  return ['bao', 'vault'].find(
    (name) => spawnSync(name, ['version'], { stdio: 'ignore' }).status === 0,
  )
}

const POLICY = `
path "kv/data/*" { capabilities = ["read"] }
path "rabbitmq/creds/*" { capabilities = ["read"] }
path "sys/leases/revoke" { capabilities = ["update"] }
`

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

/** Behind the vault: a broker that only knows how users are made and taken away (RabbitMQ's management API). */
function broker(users: Set<string>): Promise<Server> {
  const server = createServer((request, response) => {
    const name = /^\/api\/users\/([^/]+)$/.exec(request.url ?? '')?.[1]
    if (name !== undefined && request.method === 'PUT') users.add(name)
    if (name !== undefined && request.method === 'DELETE') users.delete(name)
    request.resume()
    response.writeHead(204).end()
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

/** A server that runs. */
export class RealVault implements TestVault {
  readonly url: string
  readonly users = new Set<string>()
  readonly #process: ChildProcess
  #broker!: Server

  private constructor(url: string, child: ChildProcess) {
    this.url = url
    this.#process = child
  }

  static async open(program: string): Promise<RealVault> {
    const address = `127.0.0.1:${await freePort()}`
    const args = [
      'server',
      '-dev',
      '-dev-root-token-id=root',
      `-dev-listen-address=${address}`,
      '-dev-no-store-token',
    ]
    const child = spawn(program, args, {
      stdio: 'ignore',
      env: { ...process.env, HOME: '/nonexistent' },
    })
    const own = new RealVault(`http://${address}`, child)
    try {
      await own.#ready()
      await own.#configure()
    } catch (error) {
      await own.close()
      throw error
    }
    return own
  }

  async put(path: string, data: Readonly<Record<string, string>>): Promise<void> {
    await this.#ask('POST', path, { data })
  }

  async approle(): Promise<{ readonly roleId: string; readonly secretId: string }> {
    const role = await this.#ask('GET', 'auth/approle/role/gateway/role-id')
    const secret = await this.#ask('POST', 'auth/approle/role/gateway/secret-id', {})
    return { roleId: String(role['role_id']), secretId: String(secret['secret_id']) }
  }

  async trustJwt(publicKey: string, subject: string): Promise<void> {
    await this.#ask('POST', 'auth/jwt/config', { jwt_validation_pubkeys: [publicKey] })
    await this.#ask('POST', 'auth/jwt/role/gateway', {
      role_type: 'jwt',
      user_claim: 'sub',
      bound_subject: subject,
      bound_audiences: ['vault'],
      token_policies: ['gateway'],
    })
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve))
    if (this.#process.exitCode === null && this.#process.kill()) await ended
    this.#broker?.closeAllConnections()
    this.#broker?.close()
  }

  async #ready(): Promise<void> {
    for (let tries = 0; tries < 200; tries++) {
      try {
        const { status } = await fetch(`${this.url}/v1/sys/health`)
        if (status === 200) return
      } catch {
        // Not up yet.
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    throw new Error('the vault did not start')
  }

  async #configure(): Promise<void> {
    this.#broker = await broker(this.users)
    const { port } = this.#broker.address() as AddressInfo
    await this.#ask('POST', 'sys/mounts/kv', { type: 'kv', options: { version: '2' } })
    await this.#ask('POST', 'sys/mounts/rabbitmq', { type: 'rabbitmq' })
    await this.#ask('POST', 'rabbitmq/config/connection', {
      connection_uri: `http://127.0.0.1:${port}`,
      username: 'root',
      password: 'root',
      verify_connection: false,
    })
    await this.#ask('POST', 'rabbitmq/config/lease', { ttl: 60, max_ttl: 120 })
    await this.#ask('POST', 'rabbitmq/roles/reader', { tags: 'monitoring' })
    await this.#ask('PUT', 'sys/policies/acl/gateway', { policy: POLICY })
    await this.#ask('POST', 'sys/auth/approle', { type: 'approle' })
    await this.#ask('POST', 'sys/auth/jwt', { type: 'jwt' })
    await this.#ask('POST', 'auth/approle/role/gateway', {
      token_policies: ['gateway'],
      token_ttl: 600,
    })
  }

  async #ask(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const response = await fetch(`${this.url}/v1/${path}`, {
      method,
      headers: { 'x-vault-token': 'root' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    const tree = text === '' ? {} : (JSON.parse(text) as { data?: Record<string, unknown> })
    return tree.data ?? {}
  }
}
