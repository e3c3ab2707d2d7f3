// Holds the traffic of a home: decided calls kept for replay, sealed under its encryption key.

import { join } from 'node:path'
import { forgetTraffic } from '../audit/traffic/forget.ts'
import type { TrafficSource } from '../audit/traffic/read.ts'
import { Traffic } from '../audit/traffic/traffic.ts'
import type { Ground, Machine } from './ground.ts'
import type { Settings } from './settings.ts'
import type { Stack } from './stack.ts'

/** Keeping and reading. */
export interface HomeTraffic {
  readonly kept: Traffic
  readonly source: TrafficSource
}

/** Opens the folder `traffic/` of the home. What waits to be written is written when the stack closes. */
export function openTraffic(
  { audit, authority, keys, onTrouble }: Pick<Ground, 'audit' | 'authority' | 'keys' | 'onTrouble'>,
  { home, trafficDays: days, trafficBytes: bytes }: Settings,
  machine: Machine,
  stack: Stack,
): HomeTraffic {
  const folder = join(home, 'traffic')
  const { subjects } = authority
  const source = { folder, keys: keys.encryption, subjects, entropy: machine.entropy }
  const kept = new Traffic({ ...machine, ...source, audit, days, bytes, onTrouble })
  stack.push(() => kept.close())
  authority.erasure.onErasing('traffic', () => kept.flush())
  authority.erasure.onErased('traffic_files', (person) => forgetTraffic(source, person))
  return { kept, source }
}
