// Holds the subscriptions of a conversation with a server of 2026-07-28, which knows one standing request in place of many.

import { isObject, type JsonObject } from '../../std/json.ts'
import { emptyObject } from '../../wire/mcp.ts'
import type { Conversation, UpstreamAnswer } from './conversation.ts'

/** Resources that one conversation hears about. */
const MOST = 1_000
/** A standing request has no end of its own (ms). */
const FOR_LONG = 2_147_483_647

/** What was subscribed to, and the request that stands for it. Owned by its conversation. */
export class Subscriptions {
  readonly #conversation: Pick<Conversation, 'request' | 'closed'>
  readonly #uris = new Set<string>()
  /** Lists whose changes the server tells of. */
  #changes: JsonObject = {}
  #standing: AbortController | undefined

  constructor(conversation: Pick<Conversation, 'request' | 'closed'>) {
    this.#conversation = conversation
  }

  /** Begins to hear of changes of lists, where the server says that it tells of them: what changed has to be looked at again. */
  opened(capabilities: JsonObject): void {
    const tells = ['tools', 'prompts', 'resources'].filter((kind) => {
      const shown = capabilities[kind]
      return isObject(shown) && shown['listChanged'] === true
    })
    this.#changes = Object.fromEntries(tells.map((kind) => [`${kind}ListChanged`, true]))
    this.#listen()
  }

  /** Requests that only listen. */
  get listening(): number {
    return this.#standing === undefined ? 0 : 1
  }

  /** The answer to `resources/subscribe` and `resources/unsubscribe`, which this era does not have; undefined for everything else. */
  translated(method: string, { uri }: JsonObject): UpstreamAnswer | undefined {
    if (method !== 'resources/subscribe' && method !== 'resources/unsubscribe') return undefined
    if (typeof uri !== 'string') return undefined
    if (method === 'resources/unsubscribe') this.#uris.delete(uri)
    else if (this.#uris.size >= MOST && !this.#uris.has(uri)) {
      const message = `at most ${MOST} resources are subscribed to at once`
      return { kind: 'error', error: { code: -32_602, message } }
    } else this.#uris.add(uri)
    this.#listen()
    return { kind: 'result', result: emptyObject() }
  }

  /** True for what only concerns the standing request itself. */
  heard(method: string): boolean {
    return method === 'notifications/subscriptions/acknowledged'
  }

  #listen(): void {
    const before = this.#standing
    this.#standing = undefined
    before?.abort(new Error('another standing request takes its place'))
    const resourceSubscriptions = [...this.#uris]
    const notifications = {
      ...this.#changes,
      ...(resourceSubscriptions.length > 0 && { resourceSubscriptions }),
    }
    if (Object.keys(notifications).length === 0) return
    const standing = new AbortController()
    this.#standing = standing
    const over = (): void => {
      if (this.#standing === standing) this.#standing = undefined
    }
    this.#conversation
      .request(
        'subscriptions/listen',
        { notifications },
        { signal: standing.signal, timeoutMs: FOR_LONG },
      )
      .then(over, over)
  }
}
