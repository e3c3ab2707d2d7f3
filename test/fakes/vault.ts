// Holds a vault for tests: what OpenBao's HTTP API answers, written after a real one, against which the same tests run where there is one.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createPublicKey, verify } from 'node:crypto'

/** A vault that a test sets up. */
export interface TestVault {
  readonly url: string
  /** Users that it has made behind itself and not taken back. */
  readonly users: ReadonlySet<string>
  /** Stores a KV version 2 secret. */
  put(path: string, data: Readonly<Record<string, string>>): Promise<void>
  /** A role that may read, and a secret id of it. */
  approle(): Promise<{ readonly roleId: string; readonly secretId: string }>
  /** Lets the holder of a key in (PEM), with the subject and the audience `vault`. */
  trustJwt(publicKey: string, subject: string): Promise<void>
  close(): Promise<void>
}

interface Trusted {
  readonly key: string
  readonly subject: string
}

/** The made-up one. */
export class FakeVault implements TestVault {
  readonly users = new Set<string>()
  /** `x-vault-namespace` of every request. */
  readonly namespaces: (string | undefined)[] = []
  readonly #kept = new Map<string, { version: number; data: Readonly<Record<string, string>> }>()
  readonly #tokens = new Set<string>()
  readonly #secretIds = new Set<string>()
  readonly #leases = new Map<string, string>()
  readonly #server: Server
  #trusted: Trusted | undefined
  #count = 0

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  static async open(): Promise<FakeVault> {
    const own = new FakeVault()
    await new Promise<void>((resolve) => own.#server.listen(0, '127.0.0.1', resolve))
    return own
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  put(path: string, data: Readonly<Record<string, string>>): Promise<void> {
    this.#kept.set(path, { version: (this.#kept.get(path)?.version ?? 0) + 1, data })
    return Promise.resolve()
  }

  approle(): Promise<{ readonly roleId: string; readonly secretId: string }> {
    const secretId = `secret-${++this.#count}`
    this.#secretIds.add(secretId)
    return Promise.resolve({ roleId: 'the-role', secretId })
  }

  trustJwt(key: string, subject: string): Promise<void> {
    this.#trusted = { key, subject }
    return Promise.resolve()
  }

  /** Takes every sign-in back, as an operator could. */
  forget(): void {
    this.#tokens.clear()
  }

  close(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    const body = (text === '' ? {} : JSON.parse(text)) as Record<string, string>
    const path = (request.url ?? '').slice('/v1/'.length)
    this.namespaces.push(request.headers['x-vault-namespace'] as string | undefined)
    const token = request.headers['x-vault-token']
    const [status, tree] = path.endsWith('/login')
      ? this.#login(path, body)
      : typeof token === 'string' && this.#tokens.has(token)
        ? this.#work(request.method ?? '', path, body)
        : [403, { errors: ['permission denied'] }]
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(tree === undefined ? '' : JSON.stringify(tree))
  }

  #login(path: string, body: Record<string, string>): [number, object] {
    const good =
      path === 'auth/approle/login'
        ? body['role_id'] === 'the-role' && this.#secretIds.has(body['secret_id'] ?? '')
        : this.#knows(body['jwt'] ?? '')
    if (!good) return [400, { errors: ['invalid role or secret ID'] }]
    const token = `s.${++this.#count}`
    this.#tokens.add(token)
    const auth = { client_token: token, lease_duration: 600, renewable: true }
    return [200, { lease_id: '', data: null, auth }]
  }

  #knows(jwt: string): boolean {
    const [head = '', payload = '', signature = ''] = jwt.split('.')
    if (this.#trusted === undefined) return false
    const key = { key: createPublicKey(this.#trusted.key), dsaEncoding: 'ieee-p1363' } as const
    const bytes = Buffer.from(signature, 'base64url')
    if (!verify('sha256', Buffer.from(`${head}.${payload}`), key, bytes)) return false
    const { sub, aud } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<
      string,
      unknown
    >
    return sub === this.#trusted.subject && JSON.stringify(aud) === '["vault"]'
  }

  #work(method: string, path: string, body: Record<string, string>): [number, object | undefined] {
    const kept = this.#kept.get(path)
    const none = { lease_id: '', renewable: false, lease_duration: 0 }
    if (method === 'GET' && kept !== undefined) {
      const metadata = { version: kept.version, destroyed: false, deletion_time: '' }
      return [200, { ...none, data: { data: kept.data, metadata } }]
    }
    if (method === 'GET' && path.startsWith('rabbitmq/creds/')) {
      const username = `user-${++this.#count}`
      const lease = `${path}/${username}`
      this.users.add(username)
      this.#leases.set(lease, username)
      const data = { username, password: `password of ${username}` }
      return [200, { lease_id: lease, renewable: true, lease_duration: 60, data }]
    }
    if (path === 'sys/leases/revoke') {
      this.users.delete(this.#leases.get(body['lease_id'] ?? '') ?? '')
      return [204, undefined]
    }
    if (path === 'auth/token/revoke-self') return [204, undefined]
    return [404, { errors: [] }]
  }
}
