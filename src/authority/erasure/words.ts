// Holds what erasing takes out of rows that are over: what the erased person typed, and where their files were.

import type { Json } from '../../std/json.ts'
import type { Tables } from '../../store/open.ts'
import type { Receipt } from '../../wire/record.ts'

/** Members that hold words of the person whose id stands beside them, or the salt and the proof that bind those words. */
const WORDS: readonly string[] = ['reason', 'intent', 'salt', 'note', 'path', 'part', 'proof']

/** Rows that nothing in force hangs on, by table: those in force are somebody's authority, and end first. */
const OVER = {
  tasks: ['done', 'cancelled', 'expired'],
  approvals: ['denied', 'expired', 'void', 'consumed'],
  locks: ['removed'],
  delegations: ['revoked', 'expired'],
  proposals: ['approved', 'rejected', 'expired'],
  enforcers: ['revoked'],
  connections: ['closed'],
} as const satisfies Partial<Record<keyof Tables, readonly string[]>>

/** Empties the words of a person in every row that is over. Answers how many rows it changed; repeating it changes none. */
export async function emptyWords(
  tables: Tables,
  person: string,
  receipt: Receipt,
): Promise<number> {
  let count = 0
  for (const [name, state] of Object.entries(OVER) as [keyof typeof OVER, readonly string[]][]) {
    count += await emptied(tables[name] as Tables['tasks'], { state, person, receipt })
  }
  return count
}

/** Every table of these keeps plain documents; they are changed member by member, whatever else is in them. */
async function emptied(
  table: Tables['tasks'],
  of: { readonly state: readonly string[]; readonly person: string; readonly receipt: Receipt },
): Promise<number> {
  let count = 0
  for (const held of await table.all({ state: of.state })) {
    const doc = withoutWords(held.doc as unknown as Json, of.person)
    if (JSON.stringify(doc) === JSON.stringify(held.doc)) continue
    await table.replace(held, doc as unknown as typeof held.doc, of.receipt)
    count++
  }
  return count
}

/** The value with the words emptied of whoever is named as `person` or `by` beside them, or, of an approval, as whom the call is for. */
export function withoutWords(value: Json, person: string, theirs = false): Json {
  if (Array.isArray(value)) return value.map((one: Json) => withoutWords(one, person))
  if (typeof value !== 'object' || value === null) return value
  const members = value as { readonly [name: string]: Json }
  const delegation = members['delegation'] as { readonly person?: Json } | undefined
  const mine = theirs || members['person'] === person || members['by'] === person
  const forThem = typeof delegation === 'object' && delegation.person === person
  return Object.fromEntries(
    Object.entries(members).map(([name, member]) => {
      if (mine && WORDS.includes(name) && typeof member === 'string') return [name, '']
      const passesOn = (forThem && name === 'task') || (mine && name === 'asked')
      return [name, withoutWords(member, person, passesOn)]
    }),
  )
}
