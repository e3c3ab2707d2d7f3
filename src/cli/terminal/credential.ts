// Holds how credentials and consents are drawn.

import type { Connected, ConnectedAnswer, Credential } from '../../wire/api/credential.ts'
import { fields, table, type Surface } from './table.ts'
import { visible } from './visible.ts'
import { when } from './when.ts'

/** Where the value is, and what is to be done about it. */
function stateOf(credential: Credential, now: number) {
  const { due_at: due, expires_at: ends, exposed, same_as: same } = credential
  if (exposed !== null) return { text: 'rotate at provider', style: 'red' } as const
  if (ends !== null && Date.parse(ends) <= now) return { text: 'ended', style: 'red' } as const
  if (due !== null && Date.parse(due) <= now) return { text: 'due', style: 'yellow' } as const
  if (same.length > 0) return { text: 'used twice', style: 'yellow' } as const
  return 'ok'
}

/** A table of credentials. */
export function drawCredentials(
  credentials: readonly Credential[],
  surface: Surface,
  now: number,
): string {
  return table(
    ['SYSTEM', 'NAME', 'VERSION', 'KEPT', 'STORED', 'LAST USED', 'AGENTS', 'STATE'],
    credentials.map((credential) => [
      credential.system,
      credential.name,
      credential.version,
      credential.reference === null ? 'here' : visible(credential.reference),
      when(credential.stored_at, now),
      credential.last_used_at === null ? 'never' : when(credential.last_used_at, now),
      credential.used_by.length + credential.used_by_more,
      stateOf(credential, now),
    ]),
    surface,
  )
}

/** One credential, member by member. */
export function drawCredential(credential: Credential, surface: Surface, now: number): string {
  const { due_at: due, expires_at: ends, exposed, used_by: agents, same_as: same } = credential
  const optional = (label: string, text: string | null): (readonly [string, string])[] =>
    text === null || text === '' ? [] : [[label, text]]
  return fields(
    [
      ['system', credential.system],
      ['name', credential.name],
      ['version', String(credential.version)],
      ['kept', credential.reference === null ? 'here, sealed' : visible(credential.reference)],
      ['stored', `${when(credential.stored_at, now)} by ${visible(credential.stored_by)}`],
      ...optional('due', due === null ? null : when(due, now)),
      ...optional('ends', ends === null ? null : when(ends, now)),
      ...optional('rotate', exposed === null ? null : visible(exposed)),
      [
        'last used',
        credential.last_used_at === null ? 'never' : when(credential.last_used_at, now),
      ],
      ...optional('agents', agents.join(', ')),
      ...optional('same as', same.join(', ')),
    ],
    surface,
  )
}

/** Systems that are called as their users, and who is connected. */
export function drawConsents(
  { consents, systems }: Pick<ConnectedAnswer, 'consents' | 'systems'>,
  surface: Surface,
  now: number,
): string {
  const rows = consents.map((one: Connected) => [
    one.system,
    visible(one.person),
    when(one.connected_at, now),
    one.expires_at === null ? 'unsaid' : when(one.expires_at, now),
    one.refreshes ? 'yes' : 'no',
  ])
  const open = systems
    .filter(({ connected }) => !connected)
    .map(({ system, url }) => `you have not connected to ${system}: ${url}\n`)
  const drawn = table(['SYSTEM', 'PERSON', 'CONNECTED', 'TOKEN ENDS', 'REFRESHES'], rows, surface)
  return `${drawn}${open.join('')}`
}
