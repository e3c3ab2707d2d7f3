// Holds what a kind of document is: its schema, what stands now in the same form, and how one becomes the other.

import type { ZodType } from 'zod'
import type { Control } from '../control/control.ts'
import type { Tree } from './yaml.ts'

/** Members of a document by name, each as it is compared and shown. */
export type Members = Readonly<Record<string, Tree>>

/** One member that differs. */
export interface MemberChange {
  readonly member: string
  /** Undefined where the thing is new. */
  readonly from: Tree | undefined
  readonly to: Tree
}

/** What is sent, and what for. */
export interface Sending {
  readonly control: Control
  readonly reason: string
}

/** A kind of document. */
export interface Kind {
  readonly kind: string
  /** The whole document, `kind` and `name` among it. Unknown members are refused. */
  readonly schema: ZodType<Members & { readonly name: string }>
  /** What is there now, by name, in the form of documents. */
  current(control: Control): Promise<ReadonlyMap<string, Members>>
  /** The members of `wanted` that are not so in `now`; none: nothing is to be done; a string says why it cannot be. */
  differences(now: Members | undefined, wanted: Members): readonly MemberChange[] | string
  /** Brings one thing to what is wanted. */
  send(sending: Sending, name: string, now: Members | undefined, wanted: Members): Promise<void>
  /** A document as `export` writes it: without what goes without saying; undefined for what is not exported. */
  exported(name: string, now: Members): Members | undefined
}

/** True for the same value, members of maps in whatever order. */
function same(a: Tree | undefined, b: Tree | undefined): boolean {
  return text(a) === text(b)
}

function text(value: Tree | undefined): string {
  return (
    JSON.stringify(value, (_, one: unknown) =>
      typeof one === 'object' && one !== null && !Array.isArray(one)
        ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
        : one,
    ) ?? ''
  )
}

/** The members of `wanted` that `now` says differently; a member that the document leaves out is left alone. */
export function differing(now: Members | undefined, wanted: Members): MemberChange[] {
  return Object.entries(wanted)
    .filter(([member, to]) => member !== 'kind' && member !== 'name' && !same(now?.[member], to))
    .map(([member, to]) => ({ member, from: now?.[member], to }))
}
