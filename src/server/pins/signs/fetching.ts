// Holds the check for programs that fetch what they run: what is pinned of them is the fetcher, and not what it brings.

import { fetches } from '../../../gateway/upstream/program.ts'
import type { Look, Sign } from './sign.ts'

/** Points out that nobody can pin what is fetched. */
export function* fetching({ system }: Look): Generator<Sign> {
  const { transport } = system
  if (transport.kind !== 'stdio' || !fetches(transport)) return
  yield {
    code: 'fetching',
    place: 'command',
    message:
      'fetches what it runs when it starts, so that what runs is not pinned: install it, and name its own program',
    excerpt: [transport.command, ...transport.args].join(' ').slice(0, 120),
  }
}
