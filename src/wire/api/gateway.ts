// Holds gateways as the control API registers and shows them. History: v1.

import { z } from 'zod'
import { Name, Reason, Time } from './text.ts'

/** How a gateway is connected to control. */
export const LinkState = z
  .object({
    state: z.enum(['connected', 'away']),
    since: Time,
    /** How long ago it asked for the last time (ms). */
    view_age_ms: z.number().optional(),
    /** How long it goes on without control at most (ms). */
    lease_ms: z.number().optional(),
    /** Calls under way by way of it. */
    calls: z.int().optional(),
    version: z.string().optional(),
    /** Where agents reach it, as it says. */
    urls: z.array(z.string()).optional(),
  })
  .meta({ id: 'LinkState' })
export type LinkState = z.infer<typeof LinkState>

/** A gateway. */
export const Gateway = z
  .object({
    name: Name,
    state: z.enum(['in_process', 'invited', 'active', 'removed']),
    /** Systems that it may reach; null: every one. */
    systems: z.array(z.string()).nullable(),
    /** Names under which agents reach it besides those of its own machine. */
    hosts: z.array(z.string()),
    /** When its newest certificate ends. */
    certificate_ends: Time.optional(),
    /** Absent: it has not been connected since control started. */
    link: LinkState.optional(),
  })
  .meta({ id: 'Gateway' })
export type Gateway = z.infer<typeof Gateway>

/** Answer of `GET /v1/gateways`: that of control's own process first, the others by name. */
export const GatewaysAnswer = z.object({
  gateways: z.array(Gateway),
  /** Where gateways connect; null: nowhere. */
  address: z.string().nullable(),
})

/** Answer where a gateway may enrol: its join token, shown this once. */
export const GatewayInvited = Gateway.extend({
  token: z.string(),
  token_expires: Time,
  /** Where it enrols, and where it connects then. */
  identity: z.string(),
  control: z.string().nullable(),
}).meta({ id: 'GatewayInvited' })
export type GatewayInvited = z.infer<typeof GatewayInvited>

const Assignment = {
  systems: z.array(Name).max(10_000).nullable().optional(),
  hosts: z.array(z.string().max(253)).max(16).optional(),
}

/** Body of `POST /v1/gateways`. */
export const NewGateway = z
  .strictObject({ name: Name, ...Assignment, reason: Reason })
  .meta({ id: 'NewGateway' })

/** Body of `POST /v1/gateways/{name}/change`: what is left out stays. */
export const GatewayChange = z
  .strictObject({ ...Assignment, reason: Reason })
  .meta({ id: 'GatewayChange' })
