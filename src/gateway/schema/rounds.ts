// Holds the check that no schema comes back to itself without going deeper into the value: it would never end.

import { UnreadableSchema, type SchemaNode } from './node.ts'

/** Schemas that may speak of one value, each by way of the other: a bound on the stack. */
const MAX_CHAIN = 24

/** Schemas that speak of the same value as this one. */
function beside(node: SchemaNode): SchemaNode[] {
  const { all = [], any = [], one = [], not, condition, object } = node
  const dependents = [...(object?.dependents.values() ?? [])]
  const conditions = condition === undefined ? [] : [condition.test, condition.pass, condition.fail]
  return [...all, ...any, ...one, ...dependents, ...conditions, not].filter(
    (other) => other !== undefined,
  )
}

/** Throws UnreadableSchema where one does, or where the way is too long. */
export function checkRounds(nodes: Iterable<SchemaNode>): void {
  /** The longest chain that begins at a node. */
  const lengths = new Map<SchemaNode, number>()
  const lengthOf = (node: SchemaNode, above: number): number => {
    const known = lengths.get(node)
    if (known !== undefined) return known
    if (above > MAX_CHAIN) throw new UnreadableSchema('it refers back to itself, or too far')
    let longest = 0
    for (const other of beside(node)) {
      longest = Math.max(longest, lengthOf(other, above + 1) + 1)
    }
    if (longest > MAX_CHAIN) throw new UnreadableSchema('it refers back to itself, or too far')
    lengths.set(node, longest)
    return longest
  }
  for (const node of nodes) lengthOf(node, 0)
}
