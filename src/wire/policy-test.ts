// Holds a file of policy tests: calls that are made up, and what the policies have to answer. History: v1.

import { z } from 'zod'
import { EFFECTS } from './effect.ts'

const Word = z.string().min(1).max(128)
const Words = z.array(Word).max(64)
const Count = z.number().int().min(0)
const Windows = z
  .strictObject({ minute: Count.default(0), hour: Count.default(0), day: Count.default(0) })
  .default({ minute: 0, hour: 0, day: 0 })

/** The history of the agent's lineage; what is left out is nothing. */
const History = z.strictObject({
  calls: Windows,
  writes: Windows,
  same: Windows,
  denials: Windows,
  errors: Windows,
  money: Windows,
  bytes: Windows,
  recipients: Windows,
  actions: Words.default([]),
  labels: Words.default([]),
})

const TaskLine = z.strictObject({
  action: z.string().max(300),
  when: z.string().max(2_000).optional(),
})

/** Everything that a call is made up of; what is left out is absent, as it would be from the call. */
const given = {
  agent: z.strictObject({ name: Word.default('agent-under-test'), roles: Words.default([]) }),
  person: z.strictObject({ id: Word.default('per_under_test'), roles: Words.default([]) }),
  task: z.strictObject({
    intent: z.string().min(1).max(500).default('is tested'),
    person: Word.default('per_under_test'),
    scope: z
      .array(TaskLine)
      .max(64)
      .default([{ action: '*' }]),
  }),
  /** Agents that passed authority on, the highest first. */
  delegators: z.array(z.strictObject({ name: Word, roles: Words.default([]) })).max(8),
  action: z
    .string()
    .max(300)
    .regex(/^[^/]+\/.+$/s, 'is written `system/action`'),
  /** A mapping, or the text of a JSON object where digits have to stay as they are. */
  input: z.union([z.record(z.string(), z.unknown()), z.string().max(1_048_576)]),
  history: History,
  environments: z.strictObject({ agent: Word, system: Word }),
  attested: z.record(z.enum(['instructions', 'tools', 'model', 'code']), z.string().max(256)),
  triggers: Words,
  triggered: z.array(z.enum(EFFECTS)),
  network: z.strictObject({ listener: Word, address: Word }),
  now: z
    .string()
    .refine((text) => !Number.isNaN(Date.parse(text)), 'is no time like 2026-11-23T10:00:00Z'),
  /** Ids of gated forbids that somebody approved for this call. */
  approved: Words,
}

const Given = z.strictObject(given).partial()

/** One call and what is expected of it. */
const PolicyTest = Given.extend({
  name: z.string().min(1).max(200),
  expect: z.enum(['allow', 'deny', 'hold']),
  /** `@id`s of policies that have to be among those that determine it. */
  by: Words.optional(),
  /** Text that has to stand in what the agent or the operator is told. */
  because: z.string().min(1).max(500).optional(),
})

/** A file of tests. */
export const PolicyTestFile = z.strictObject({
  /** What every test of the file starts from; a test's own members replace these. */
  given: Given.default({}),
  tests: z.array(PolicyTest).min(1).max(2_000),
})

export type PolicyTestFile = z.infer<typeof PolicyTestFile>
export type PolicyTest = z.infer<typeof PolicyTest>
export type GivenFacts = z.infer<typeof Given>
