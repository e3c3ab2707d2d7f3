// Holds what everything of a home stands on: the folder, its keys, its log, its rows, and the authority read from them.

import { join } from 'node:path'
import type { Clock } from '../std/clock.ts'
import type { Entropy } from '../std/entropy.ts'
import type { Timer } from '../std/timer.ts'
import type { AuditLog } from '../audit/log.ts'
import { openAuditLog } from '../audit/open.ts'
import { RefusalCounter } from '../audit/refusals.ts'
import { openAuthority, type Authority } from '../authority/open.ts'
import { replay } from '../authority/replay.ts'
import type { CommitmentPort } from '../gateway/ports.ts'
import { openKeyRing } from '../keys/file.ts'
import type { KeyRing } from '../keys/ring.ts'
import { lockHome } from '../store/home-lock.ts'
import type { Store } from '../store/open.ts'
import { orderOf, takeDatabase } from './database.ts'
import { openCommitments } from './commitments.ts'
import { recordRestored, suspicious } from './backup/restored.ts'
import { homeFacts, makeHome } from './home.ts'
import { operatorLog } from './operator-log.ts'
import type { Settings } from './settings.ts'
import type { Stack } from './stack.ts'

/** Time and chance, as everything is given them. */
export interface Machine {
  readonly clock: Clock
  readonly entropy: Entropy
  readonly timer: Timer
  /** Aborts where the process is asked to end: who only stands by ends at once. */
  readonly interrupted?: AbortSignal
}

/** The ground of a home. */
export interface Ground {
  readonly trustDomain: string
  /** Origin of the log. */
  readonly origin: string
  /** Folder of the keys. */
  readonly keyFolder: string
  readonly keys: KeyRing
  readonly audit: AuditLog
  readonly refusals: RefusalCounter
  readonly store: Store
  readonly authority: Authority
  readonly commitments: CommitmentPort
  /** Whether this process still has its turn at the rows, asked now. */
  readonly inTurn: () => Promise<boolean>
  /** Something for the operator's own log. Never a secret. */
  readonly note: (event: string, facts?: Readonly<Record<string, unknown>>) => void
  /** The same for what went wrong where nobody waits for an answer. */
  readonly onTrouble: (error: unknown) => void
}

/** Opens the ground. The log is opened before the store, so that whatever the rows do is recorded. */
export async function openGround(
  settings: Settings,
  machine: Machine,
  stack: Stack,
): Promise<Ground> {
  const { home } = settings
  const { clock, entropy } = machine
  makeHome(home)
  const lock = lockHome(home)
  stack.push(() => lock.release())
  const log = operatorLog(settings.logFile)
  stack.push(() => log.close())
  const note: Ground['note'] = (event, facts = {}) => log.logger.info(facts, event)
  const onTrouble = (error: unknown): void => note('trouble', { error: String(error) })
  const turn = await takeDatabase(settings, machine, note, stack)
  const { trust_domain: trustDomain } = homeFacts(home, clock, entropy)
  const keyFolder = join(home, 'keys')
  const keys = openKeyRing(keyFolder, { entropy })
  const origin = `${trustDomain}/log`
  const at = { home, gateway: settings.gatewayName, origin }
  const quota = settings.recordQuota
  const audit = await openAuditLog({
    ...at,
    ...orderOf(settings),
    signer: keys.log,
    clock,
    entropy,
    quota,
  })
  stack.push(() => audit.close())
  const refusals = new RefusalCounter({ sink: audit, clock })
  stack.push(() => refusals.close())
  await recordRestored(home, audit)
  const store = suspicious(await turn.open(keys), home, clock)
  stack.push(() => store.close())
  const replayed = await replay({ audit, store, clock })
  if (Object.values(replayed).some((count) => count > 0))
    note('replayed from the log', { ...replayed })
  const authority = await openAuthority({
    ...machine,
    store,
    keys,
    audit,
    onTrouble,
    governance: settings.governance,
  })
  stack.push(() => authority.settled())
  audit.confideTo(authority.confider)
  const restored = await authority.history.restore(audit)
  if (restored.snapshot === 'refused') note('history read from the log', { ...restored })
  const own = { keys: keyFolder, sealer: keys.encryption, entropy }
  const commitments = openCommitments(own, authority.subjects)
  const rows = { store, authority, commitments, inTurn: turn.holds }
  return { trustDomain, origin, keyFolder, keys, audit, refusals, ...rows, note, onTrouble }
}
