// Holds the check for names that stand for nobody: roles that nobody has, agents, people and systems that are not registered.

import { nearest } from '../../problem.ts'
import type { Analysis, Finding } from '../examined.ts'

const ENTITY = /"(?:[^"\\]|\\[^])*"|\/\/[^\n\r]*|\b(Role|Agent|Person|System)\s*::\s*"([^"\\]*)"/g

const NOBODY: Readonly<Record<string, string>> = {
  Role: 'nobody has the role',
  Agent: 'there is no agent',
  Person: 'there is no person with the id',
  System: 'there is no system',
}

/** Entities of a policy that nothing registered is, wherever in its text they stand. */
export function checkNames({ policies, registered, schema }: Analysis): Finding[] {
  if (registered === undefined) return []
  const { agents, people } = registered
  const known: Readonly<Record<string, ReadonlySet<string>>> = {
    Role: new Set([...agents, ...people].flatMap(({ roles }) => roles)),
    Agent: new Set(agents.map(({ name }) => name)),
    Person: new Set(people.map(({ id }) => id)),
    System: new Set([...schema.actions.values()].map(({ system }) => system)),
  }
  return policies.flatMap(({ policy }) => {
    const told = new Set<string>()
    return [...policy.text.matchAll(ENTITY)].flatMap((match): Finding[] => {
      const [whole, type, id] = match
      if (type === undefined || id === undefined || known[type]!.has(id) || told.has(whole)) {
        return []
      }
      told.add(whole)
      const help = meant(type, id, [...known[type]!], people)
      return [
        {
          policy,
          offset: match.index,
          code: 'policy.unknown_name',
          message: `${NOBODY[type]!} \`${id}\``,
          ...(help !== undefined && { help }),
        },
      ]
    })
  })
}

function meant(
  type: string,
  id: string,
  known: readonly string[],
  people: readonly { readonly id: string; readonly name: string }[],
): string | undefined {
  const person = type === 'Person' ? people.find(({ name }) => name === id) : undefined
  if (person !== undefined) return `people are named by their ids: Person::"${person.id}"`
  const near = nearest(id, known)
  return near === undefined ? undefined : `did you mean \`${near}\`?`
}
