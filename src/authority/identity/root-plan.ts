// Holds when roots move on: what is due for a set of roots at a time. Pure; whoever asks does it, and asks again.

import type { TrustedRoot } from './root.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** How long a root stands in the bundle before it signs: those who follow the bundle look every five minutes (§4.1.2). */
export const PROPAGATION_MS = 5 * MINUTE

/**
 * How long our listeners go on showing a certificate of the root that was active before: every holder renews within the hour
 * that its certificate lives, and learns of the new root then.
 */
const SERVED_MS = HOUR

/**
 * How long a root is trusted after it signed last: an hour, in which all its leaves end, and as long again as a join token
 * that pins it can be used, with five minutes for clocks.
 */
const RETIRED_MS = SERVED_MS + 15 * MINUTE

/** Part of its life after which a root is rotated by itself. */
const ROTATED_AT = 0.8

/** What is due. */
export type RootStep =
  /** No root can sign: another one does from now on, because there is nobody to wait for. */
  | { readonly step: 'recover'; readonly why: string }
  | { readonly step: 'prepare' }
  | { readonly step: 'activate'; readonly root: TrustedRoot }
  | { readonly step: 'end'; readonly root: TrustedRoot }

/** The root that signs at `now`, if there is one that can. */
export function signing(roots: readonly TrustedRoot[], now: number): TrustedRoot | undefined {
  const active = roots.findLast((root) => root.state === 'active')
  return active?.issuer !== undefined && active.notAfter > now ? active : undefined
}

/** Why nothing can sign at `now`, for people to read. */
function whyNot(roots: readonly TrustedRoot[], now: number): string {
  const active = roots.findLast((root) => root.state === 'active')
  if (active === undefined) return 'there is no active root'
  return active.notAfter <= now ? 'the active root has ended' : 'its key is not in custody'
}

/** The next thing that is due for the roots that are trusted, in the order of their places; undefined for nothing. */
export function dueStep(
  roots: readonly TrustedRoot[],
  now: number,
  propagationMs = PROPAGATION_MS,
): RootStep | undefined {
  const active = signing(roots, now)
  const prepared = roots.find(
    (root) => root.state === 'prepared' && root.issuer !== undefined && root.notAfter > now,
  )
  if (active === undefined) {
    return prepared === undefined
      ? { step: 'recover', why: whyNot(roots, now) }
      : { step: 'activate', root: prepared }
  }
  const over = roots.find((root) => root !== active && isOver(root, now))
  if (over !== undefined) return { step: 'end', root: over }
  if (prepared !== undefined) {
    return prepared.since + propagationMs <= now ? { step: 'activate', root: prepared } : undefined
  }
  const turn = active.notBefore + (active.notAfter - active.notBefore) * ROTATED_AT
  return turn <= now ? { step: 'prepare' } : undefined
}

/** True for a root that nobody needs any more: retired long enough, or ended, or prepared without a key to sign with. */
function isOver(root: TrustedRoot, now: number): boolean {
  if (root.notAfter <= now) return true
  if (root.state === 'prepared') return root.issuer === undefined
  return root.since + RETIRED_MS <= now
}

/** The root whose leaves our listeners show at `now`: the oldest that holders may know alone, else the active one. */
export function served<R extends TrustedRoot>(
  roots: readonly TrustedRoot[],
  active: R,
  now: number,
): R | TrustedRoot {
  const older = roots.find(
    (root) =>
      root.state === 'retired' &&
      root.issuer !== undefined &&
      root.notAfter > now &&
      now < root.since + SERVED_MS,
  )
  return older ?? active
}
