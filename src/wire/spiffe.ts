// Holds SPIFFE IDs: how instances, our own listeners and the trust domain are named.

import { isName, isUuid } from '../std/id.ts'

/** Listeners of ours that show a certificate. History: v1 identity and gateway, v2 control. */
export type ServerRole = 'identity' | 'gateway' | 'control'

/** What a SPIFFE ID of ours names. */
export type Named =
  | { readonly kind: 'domain'; readonly domain: string }
  | { readonly kind: 'server'; readonly domain: string; readonly role: ServerRole }
  | { readonly kind: 'gateway'; readonly domain: string; readonly name: string }
  | {
      readonly kind: 'instance'
      readonly domain: string
      readonly agent: string
      readonly instance: string
    }

/** A trust domain name (SPIFFE-ID §2.1): lower case letters, digits, `.`, `-`, `_`, at most 255 characters. */
export function isTrustDomain(text: string): boolean {
  return text.length <= 255 && /^[a-z0-9._-]+$/.test(text)
}

/** The SPIFFE ID of what is named. */
export function spiffeId(named: Named): string {
  if (named.kind === 'domain') return `spiffe://${named.domain}`
  if (named.kind === 'server') return `spiffe://${named.domain}/bailiwick/${named.role}`
  if (named.kind === 'gateway') return `spiffe://${named.domain}/gateway/${named.name}`
  return `spiffe://${named.domain}/agent/${named.agent}/${named.instance}`
}

/** Reads a SPIFFE ID of ours; undefined for any other text, so that nothing half-understood is trusted. */
export function parseSpiffeId(text: string): Named | undefined {
  const match = /^spiffe:\/\/([^/]+)(?:\/([^/]+)\/([^/]+)(?:\/([^/]+))?)?$/.exec(text)
  const domain = match?.[1]
  if (match === null || domain === undefined || !isTrustDomain(domain)) return undefined
  const [, , kind, first, second] = match
  if (kind === undefined) return { kind: 'domain', domain }
  if (kind === 'bailiwick' && second === undefined) {
    return first === 'identity' || first === 'gateway' || first === 'control'
      ? { kind: 'server', domain, role: first }
      : undefined
  }
  if (kind === 'gateway' && second === undefined && first !== undefined) {
    return isName(first) ? { kind: 'gateway', domain, name: first } : undefined
  }
  if (kind !== 'agent' || first === undefined || second === undefined) return undefined
  if (!isName(first) || !isUuid(second)) return undefined
  return { kind: 'instance', domain, agent: first, instance: second }
}
