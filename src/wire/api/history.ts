// Holds the history of agents as the control API shows it, and the clearing of labels. History: v1.

import { z } from 'zod'
import { Reason } from './text.ts'

const Windows = z.object({
  minute: z.number().int(),
  hour: z.number().int(),
  day: z.number().int(),
})

/** What an agent has done for one person, with all of its instances and sub-agents. */
const Lineage = z
  .object({
    /** Name of the person; null where it acted unattended. */
    person: z.string().nullable(),
    calls: Windows,
    writes: Windows,
    denials: Windows,
    errors: Windows,
    money: Windows,
    bytes: Windows,
    recipients: Windows,
    /** Actions that were called within the day. */
    actions: z.array(z.string()),
    /** Data labels in force. */
    labels: z.array(z.string()),
  })
  .meta({ id: 'Lineage' })

/** Answer of `GET /v1/history/{agent}`, by person. */
export const HistoryAnswer = z.object({ agent: z.string(), lineages: z.array(Lineage) })

/** Body of `POST /v1/history/{agent}/clear`. */
export const HistoryClear = z.strictObject({
  /** Absent: every label. */
  label: z.string().min(1).max(64).optional(),
  reason: Reason,
})

/** Answer of `POST /v1/history/{agent}/clear`: the labels that were taken off. */
export const HistoryCleared = z.object({ agent: z.string(), labels: z.array(z.string()) })

export type HistoryAnswer = z.infer<typeof HistoryAnswer>
