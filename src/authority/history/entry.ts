// Holds what history is made of: one call that was reserved, refused or failed, made live or read back from its record.

import { isObject, JsonNumber, type Json, type JsonObject } from '../../std/json.ts'
import type { Actor } from '../../wire/actor.ts'
import type { AuditRecord } from '../../wire/record.ts'
import type { Measured } from '../../wire/reserve.ts'
import { recipientKey } from './distinct.ts'

/** Who called what: the same whether a call ran, was refused or failed. */
export interface Asked {
  /** The head of the chain first, the agent that called last; the only one is both. */
  readonly agents: readonly string[]
  /** Person id; empty for who acts unattended. */
  readonly person: string
  /** Task id. */
  readonly task?: string
  readonly system: string
  readonly action: string
}

/** What a call used up, as every counter takes it. */
export interface Used {
  readonly writes: boolean
  readonly money: number
  readonly bytes: number
  /** Keys of recipients, distinct. */
  readonly recipients: readonly string[]
  /** Recipients beyond those. */
  readonly more: number
  readonly labels: readonly string[]
}

/** One thing that happened. */
export type Entry =
  | { readonly kind: 'reserved'; readonly asked: Asked; readonly used: Used }
  | { readonly kind: 'denied'; readonly asked: Asked }
  | {
      readonly kind: 'answered'
      readonly asked: Asked
      readonly failed: boolean
      readonly labels: readonly string[]
    }
  | { readonly kind: 'cleared'; readonly agent: string; readonly label?: string }

/** Statuses of outcomes that count as failures of the system. */
const FAILED: readonly string[] = ['tool_error', 'upstream_error']

/** Who calls, of an actor. */
export function askedBy(actor: Actor, system: string, action: string): Asked {
  const { agent, chain, delegation, task } = actor
  return {
    agents: chain.length === 0 ? [agent] : [...chain.map((one) => one.agent), agent],
    person: delegation?.person ?? '',
    ...(task !== undefined && { task: task.id }),
    system,
    action,
  }
}

/** What counters take of a measure. */
export function usedBy(measured: Measured): Used {
  const { writes, money = 0, bytes, recipients, more, labels } = measured
  return { writes, money, bytes, recipients: recipients.map(recipientKey), more, labels }
}

/** Key of a lineage: the agent at the head for one person, or unattended. */
export function lineageOf({ agents, person }: Asked): string {
  return `${agents[0] ?? ''} ${person === '' ? 'unattended' : person}`
}

/** What a record says about history; undefined where it says nothing. */
export function entryOf(record: AuditRecord): Entry | undefined {
  switch (record.type) {
    case 'call.intent': {
      const { reserved } = record.body
      const used = isObject(reserved) ? usedIn(reserved) : undefined
      const asked = askedIn(record)
      return used && asked && { kind: 'reserved', asked, used }
    }
    case 'call.denied': {
      // What a system asked of an agent and was refused is no doing of the agent's.
      const asked = record.body['principal'] === undefined ? askedIn(record) : undefined
      return asked && { kind: 'denied', asked }
    }
    case 'call.outcome': {
      const failed = FAILED.includes(text(record.body['status']))
      const labels = texts(record.body['labels'])
      const asked = failed || labels.length > 0 ? askedIn(record) : undefined
      return asked && { kind: 'answered', asked, failed, labels }
    }
    case 'history.cleared': {
      const { label } = record.body
      const { agent = '' } = record
      return { kind: 'cleared', agent, ...(typeof label === 'string' && { label }) }
    }
    default:
      return undefined
  }
}

function askedIn(record: AuditRecord): Asked | undefined {
  // A message that was no call names no action.
  const { agent, person = '', system = '', action = '', body } = record
  if (agent === undefined) return undefined
  // In the body of version 1, in the envelope since.
  const task = record.task ?? body['task']
  return {
    agents: [...texts(body['lineage']), agent],
    person,
    ...(typeof task === 'string' && { task }),
    system,
    action,
  }
}

function usedIn(reserved: JsonObject): Used {
  return {
    writes: count(reserved['writes']) > 0,
    money: count(reserved['money']),
    bytes: count(reserved['bytes']),
    recipients: texts(reserved['recipients']).map(recipientKey),
    more: count(reserved['more']),
    labels: texts(reserved['labels']),
  }
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : []
}

function count(value: Json | undefined): number {
  const read = value instanceof JsonNumber ? Number(value.text) : value
  return typeof read === 'number' && Number.isSafeInteger(read) && read >= 0 ? read : 0
}
