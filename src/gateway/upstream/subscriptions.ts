// Holds the subscriptions of a conversation with a server of 2026-07-28, which knows one standing request in place of many.

import { isObject, type JsonObject } from '../../std/json.ts'
import { emptyObject } from '../../wire/mcp.ts'
import type { UpstreamAnswer } from './exchange.ts'
import type { Speaking } from './speaking.ts'

/** Resources that one conversation hears about. */
const MOST = 1_000
/** A standing request has no end of its own (ms). */
const FOR_LONG = 2_147_483_647

/** What was subscribed to, and the request that stands for it. Owned by its conversation. */
export class Subscriptions {
  readonly #conversation: Pick<Speaking, 'request' | 'closed'>
  readonly #uris = new Set<string>()
  /** Lists whose changes the server tells of. */
  #changes: JsonObject = {}
  readonly #onMissed: () => void
  #standing: AbortController | undefined
  /** The server has taken the standing request. */
  #acknowledged = false
  /** It ended one that it had taken: another is due. */
  #broken = false

  /** `onMissed`: told when the server has ended a standing request, so that news may have been missed. */
  constructor(conversation: Pick<Speaking, 'request' | 'closed'>, onMissed: () => void) {
    this.#conversation = conversation
    this.#onMissed = onMissed
  }

  /** Begins to hear of changes of lists, where the server says that it tells of them: what changed has to be looked at again. */
  opened(capabilities: JsonObject): void {
    const tells = ['tools', 'prompts', 'resources'].filter((kind) =>
      tellsOfChanges(capabilities, kind),
    )
    this.#changes = Object.fromEntries(tells.map((kind) => [`${kind}ListChanged`, true]))
    this.#stand()
  }

  /** Listens again where the server ended what it had taken: with the next call, so that a server that ends it always costs nobody else. */
  listen(): void {
    if (this.#broken) this.#stand()
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
    this.#stand()
    return { kind: 'result', result: emptyObject() }
  }

  /** True for what only concerns the standing request itself. */
  heard(method: string): boolean {
    const own = method === 'notifications/subscriptions/acknowledged'
    if (own) this.#acknowledged = true
    return own
  }

  #stand(): void {
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
    this.#acknowledged = false
    this.#broken = false
    const over = (): void => {
      if (this.#standing !== standing) return
      this.#standing = undefined
      if (!this.#acknowledged || this.#conversation.closed) return
      this.#broken = true
      this.#onMissed()
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

/** True where a server says that it tells of changes of this list. */
export function tellsOfChanges(capabilities: JsonObject, kind: string): boolean {
  const shown = capabilities[kind]
  return isObject(shown) && shown['listChanged'] === true
}
