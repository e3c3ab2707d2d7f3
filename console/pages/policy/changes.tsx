// Holds what a set of policies changes, by the names of its policies.

import { Said } from '../../ui/text.tsx'

export function Changes({
  of,
}: {
  readonly of: {
    readonly added: readonly string[]
    readonly changed: readonly string[]
    readonly removed: readonly string[]
  }
}) {
  const lines = [
    ...of.added.map((id) => ['+', 'text-good', id] as const),
    ...of.changed.map((id) => ['±', '', id] as const),
    ...of.removed.map((id) => ['−', 'text-bad', id] as const),
  ]
  return (
    <ul className="space-y-0.5 font-mono text-xs">
      {lines.map(([sign, look, id]) => (
        <li key={`${sign} ${id}`} className={look}>
          {sign} <Said text={id} />
        </li>
      ))}
    </ul>
  )
}
