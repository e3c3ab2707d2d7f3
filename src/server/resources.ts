// Holds which resources tokens can be for (RFC 8707): what is behind the gateways of this home, and nothing else.

import type { ResourcePort } from '../api/oauth/ports.ts'

/** The systems that are pinned now. */
interface Known {
  get(name: string): unknown
}

/** Names of this machine under which a gateway on loopback is reached. */
const LOOPBACK = ['127.0.0.1', 'localhost', 'bailiwick.localhost'] as const

/** Resources of gateways: an origin or `<gateway>/mcp` for all systems, `<gateway>/mcp/<system>` or `<gateway>/http/<system>` for one. */
export class GatewayResources implements ResourcePort {
  readonly #gateways: () => readonly string[]
  readonly #systems: Known

  /** `gateways`: URLs of the listeners, without a slash at their end; known once they have their ports. */
  constructor(gateways: () => readonly string[], systems: Known) {
    this.#gateways = gateways
    this.#systems = systems
  }

  known(url: string): boolean {
    return this.systemOf(url) !== undefined
  }

  all(): readonly string[] {
    return this.#gateways().map((gateway) => `${gateway}/mcp`)
  }

  /** Name of the system behind a URL, `*` for all of them, undefined where it is none of ours. Compared as text: one form only. */
  systemOf(url: string): string | undefined {
    for (const origin of this.#gateways().flatMap(named)) {
      const every = `${origin}/mcp`
      if (url === every || url === origin || url === `${origin}/`) return '*'
      const face = [`${every}/`, `${origin}/http/`, `${origin}/hooks/`].find((one) =>
        url.startsWith(one),
      )
      if (face === undefined) continue
      const name = url.slice(face.length)
      if (this.#systems.get(name) !== undefined) return name
    }
    return undefined
  }
}

/** A gateway under each of its names; a token for one of them is for the gateway under all. */
function named(gateway: string): readonly string[] {
  return LOOPBACK.map((name) => gateway.replace('//127.0.0.1:', `//${name}:`))
}
