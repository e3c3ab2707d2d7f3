// Holds what records say of a task: who asked for what as a digest, and how much of it is left.

import { base64url, sha256 } from '../../std/bytes.ts'
import { canonicalJson, type Json, type JsonObject } from '../../std/json.ts'
import type { Task } from '../../store/rows/task.ts'
import type { TaskPermit } from '../../wire/task.ts'

/** `sha256:…` over the canonical JSON of a scope. */
export function scopeDigest(scope: readonly TaskPermit[]): string {
  return `sha256:${base64url(sha256(canonicalJson(scope as unknown as Json)))}`
}

/**
 * `sha256:…` over what the person asked for. Intent and conditions are words of theirs and may hold anything, so the record has
 * this alone; who is shown the row can work it out, nobody else can guess at it.
 */
export function taskDigest({ salt, intent, scope, budget }: Task): string {
  const text = canonicalJson({ salt, intent, scope, budget } as unknown as Json)
  return `sha256:${base64url(sha256(text))}`
}

/** The body of a record about a task. A replay of the log reads `task`, `budget`, `endsAt` and `scope`. */
export function taskBody(task: Task): JsonObject {
  const { asked, instance, user } = task
  return {
    task: task.id,
    digest: taskDigest(task),
    scope: scopeDigest(task.scope),
    budget: { ...task.budget },
    startsAt: task.startsAt,
    endsAt: task.endsAt,
    ...(user !== '' && { user }),
    ...(instance !== undefined && { instance }),
    ...(task.bound === true && { bound: true }),
    ...(asked !== undefined && { key: asked.key, proof: asked.proof }),
  }
}
