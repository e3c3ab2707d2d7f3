// Holds the names that policies may speak of: those of the schema in force, and of who and what is registered.

import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { people, reading, systems } from './queries.ts'
import type { Agent } from '../../src/sdk/types.ts'
import type { CedarSchema, Named, Vocabulary } from '../ui/editor/words.ts'

/** Agents that are offered by name: one page, the rest is typed. */
const AGENTS = 200

/** Undefined until the schema is there; names come as they are known. */
export function useVocabulary(): Vocabulary | undefined {
  const schema = useQuery(reading<CedarSchema>('/v1/policies/schema', {}, 60_000)).data
  const agents = useQuery(reading<{ agents: Agent[] }>('/v1/agents', { limit: AGENTS }, false)).data
  const persons = useQuery(people).data
  const pinned = useQuery(systems).data
  return useMemo(() => {
    if (schema === undefined) return undefined
    const roles = [
      ...(agents?.agents ?? []).flatMap((one) => one.roles),
      ...(persons?.people ?? []).flatMap((one) => one.roles),
    ]
    const named = (ids: readonly string[]): Named[] => ids.map((id) => ({ id }))
    const names = {
      Role: named([...new Set(roles)].sort()),
      Agent: named((agents?.agents ?? []).map(({ name }) => name)),
      Person: (persons?.people ?? []).map(({ id, name }) => ({ id, detail: name })),
      System: named((pinned?.systems ?? []).map(({ name }) => name)),
    }
    return { schema, names }
  }, [schema, agents, persons, pinned])
}
