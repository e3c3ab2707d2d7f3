// Holds whether a link may lead where it leads: its host, read as a browser reads it, against the lists of policy.

const BASE = 'https://relative.invalid/'
const WEB = ['http:', 'https:', 'ws:', 'wss:', 'ftp:', 'ftps:']
/** Addresses that are content or program of their own, whatever host there is. */
const INLINE = ['data:', 'javascript:', 'vbscript:', 'blob:', 'filesystem:']

/** Lists of hosts, `name` or `*.name`; a host has to be in each of them. */
export type HostLists = readonly (readonly string[])[]

function inList(host: string, list: readonly string[]): boolean {
  return list.some((entry) =>
    entry.startsWith('*.') ? host.endsWith(entry.slice(1)) : host === entry,
  )
}

/** True where an address leads to no host of the web, or to one that every list names. What cannot be read leads nowhere good. */
export function mayLead(address: string, lists: HostLists): boolean {
  let url: URL
  try {
    // It drops tabs, line breaks and space around, reads `\` as `/`, resolves `%`, IDN and numbers in hosts (WHATWG URL).
    url = new URL(address, BASE)
  } catch {
    return false
  }
  if (INLINE.includes(url.protocol)) return false
  if (!WEB.includes(url.protocol)) return true
  const host = url.hostname.replace(/\.$/, '')
  if (host === 'relative.invalid') return true
  return lists.every((list) => inList(host, list))
}
