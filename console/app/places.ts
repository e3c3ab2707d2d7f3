// Holds where one can go, in the order in which people ask.

import type { IconName } from '../ui/icon.tsx'

interface Place {
  readonly to: string
  readonly icon: IconName
  readonly name: string
}

/** Pages by group. */
export const PLACES: readonly (readonly Place[])[] = [
  [
    { to: '/', icon: 'now', name: 'Now' },
    { to: '/agents', icon: 'agents', name: 'Agents' },
    { to: '/calls', icon: 'calls', name: 'Calls' },
    { to: '/tasks', icon: 'tasks', name: 'Tasks' },
    { to: '/approvals', icon: 'approvals', name: 'Approvals' },
    { to: '/findings', icon: 'findings', name: 'Findings' },
  ],
  [
    { to: '/policy', icon: 'policy', name: 'Policy' },
    { to: '/systems', icon: 'systems', name: 'Systems' },
    { to: '/locks', icon: 'lock', name: 'Locks' },
  ],
  [
    { to: '/people', icon: 'people', name: 'People' },
    { to: '/gateways', icon: 'gateways', name: 'Gateways' },
    { to: '/log', icon: 'log', name: 'Log' },
    { to: '/guide', icon: 'guide', name: 'First steps' },
    { to: '/glossary', icon: 'glossary', name: 'Glossary' },
  ],
]
