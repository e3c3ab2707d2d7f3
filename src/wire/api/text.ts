// Holds the plain texts that the control API takes and gives: names, ids, times, reasons. History: v1.

import { z } from 'zod'
import { isName, isUuid } from '../../std/id.ts'

/** A name of an agent, system, role or person. */
export const Name = z
  .string()
  .refine(isName, 'is 1 to 63 lower case letters, digits and single hyphens')
  .meta({ description: 'lower case letters, digits and single hyphens; 1 to 63 characters' })

/** A UUID in lower case. */
export const Id = z.string().refine(isUuid, 'is not a UUID in lower case').meta({ format: 'uuid' })

/** RFC 3339, UTC, milliseconds. */
export const Time = z.string().meta({ format: 'date-time' })

/** A time that a person names: RFC 3339 in UTC, to the millisecond at most. */
export const Moment = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/, 'is not like 2027-01-31T12:00:00Z')
  .refine((text) => !Number.isNaN(Date.parse(text)), 'is no time')
  .meta({ format: 'date-time' })

/** `sha256:<base64url>`. */
export const Digest = z
  .string()
  .regex(/^sha256:[A-Za-z0-9_-]{43}$/, 'is not sha256: with 43 characters of base64url')

/** One line of a person's own words: controls, which could hide or forge lines on a screen, are refused. */
function line(most: number) {
  return z
    .string()
    .trim()
    .min(1, 'is empty')
    .max(most, `is longer than ${most} characters`)
    .refine((text) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text), 'has control characters or line breaks')
    .refine((text) => text.isWellFormed(), 'is not well-formed Unicode')
}

/** Why a person does something; it stands in the record for good. */
export const Reason = line(500).meta({ description: 'one line, at most 500 characters' })

/** What an agent is for, in one sentence. */
export const Purpose = line(500).meta({ description: 'one line, at most 500 characters' })

/** Body of a change that needs nothing but its reason. */
export const BecauseRequest = z.strictObject({ reason: Reason })
