// Holds records as OTLP in its JSON encoding (OpenTelemetry protocol 1.x): a log record each, and a span per finished call.

import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { AuditRecord } from '../../wire/record.ts'
import type { ExportEvent } from './sink.ts'

/** Severity numbers of the log data model: INFO, INFO2 for changes of authority, WARN for refusals. */
const INFO = 9
const INFO2 = 10
const WARN = 13
/** SPAN_KIND_SERVER: to the agent, the gateway is who serves its call. */
const SERVER = 2
const STATUS_OK = 1
const STATUS_ERROR = 2

/** Body of `POST /v1/logs` (ExportLogsServiceRequest). */
export function otlpLogs(events: readonly ExportEvent[], version: string): JsonObject {
  return {
    resourceLogs: [
      { resource: resource(version), scopeLogs: [{ scope, logRecords: events.map(logRecord) }] },
    ],
  }
}

/** Body of `POST /v1/traces` (ExportTraceServiceRequest); undefined where no event is the end of a traced call. */
export function otlpTraces(
  events: readonly ExportEvent[],
  version: string,
): JsonObject | undefined {
  const spans = events.map(span).filter((one) => one !== undefined)
  if (spans.length === 0) return undefined
  return { resourceSpans: [{ resource: resource(version), scopeSpans: [{ scope, spans }] }] }
}

const scope = { name: 'bailiwick.audit' }

function resource(version: string): JsonObject {
  return {
    attributes: attributes({ 'service.name': 'bailiwick', 'service.version': version }),
  }
}

function logRecord(event: ExportEvent): JsonObject {
  const { record } = event
  const { number, text } = severity(record)
  const spanId = spanOf(record)['id']
  return {
    timeUnixNano: nanos(Date.parse(record.ts)),
    severityNumber: number,
    severityText: text,
    eventName: `bailiwick.${record.type}`,
    body: anyValue(record.body),
    attributes: attributes(conventions(event)),
    ...(record.trace !== undefined && { traceId: record.trace }),
    ...(record.trace !== undefined && typeof spanId === 'string' && { spanId }),
  }
}

/** A finished call as a span; its start is its end less what it took. */
function span(event: ExportEvent): JsonObject | undefined {
  const { record } = event
  const { id, parent } = spanOf(record)
  if (record.type !== 'call.outcome' && record.type !== 'call.denied') return undefined
  if (record.trace === undefined || typeof id !== 'string') return undefined
  const end = Date.parse(record.ts)
  const failed = record.type === 'call.denied' || record.body['status'] !== 'ok'
  return {
    traceId: record.trace,
    spanId: id,
    ...(typeof parent === 'string' && { parentSpanId: parent }),
    name: record.action === undefined ? 'tools/call' : `tools/call ${record.action}`,
    kind: SERVER,
    startTimeUnixNano: nanos(end - tookMs(record)),
    endTimeUnixNano: nanos(end),
    attributes: attributes(conventions(event)),
    status: { code: failed ? STATUS_ERROR : STATUS_OK },
  }
}

function tookMs({ body }: AuditRecord): number {
  const timings = body['timings']
  const micros = isObject(timings) ? timings['total_us'] : undefined
  if (typeof micros === 'number') return micros / 1_000
  return typeof body['duration_ms'] === 'number' ? body['duration_ms'] : 0
}

function severity(record: AuditRecord): { readonly number: number; readonly text: string } {
  if (record.type === 'call.denied' || record.type.startsWith('finding.')) {
    return { number: WARN, text: 'WARN' }
  }
  return record.phase === 'admin'
    ? { number: INFO2, text: 'INFO2' }
    : { number: INFO, text: 'INFO' }
}

/** Names of the GenAI and MCP conventions where there is one (semconv 1.41), our own elsewhere. No arguments: they are opt-in there too. */
function conventions({ record, index, leaf, origin }: ExportEvent): Readonly<Record<string, Json>> {
  const { agent, instance, action, call, system, person, task, body } = record
  const error = record.type === 'call.denied' ? body['code'] : failure(body['status'])
  return {
    'log.record.uid': record.id,
    'service.instance.id': record.gateway,
    'bailiwick.log.index': index,
    'bailiwick.log.leaf': leaf,
    'bailiwick.log.origin': origin,
    'bailiwick.record.type': record.type,
    ...(agent !== undefined && { 'gen_ai.agent.id': agent, 'gen_ai.agent.name': agent }),
    ...(instance !== undefined && { 'bailiwick.instance': instance }),
    ...(action !== undefined && {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': action,
      'mcp.method.name': action.includes('/') ? action : 'tools/call',
    }),
    ...(call !== undefined && { 'gen_ai.tool.call.id': call }),
    ...(system !== undefined && { 'server.address': system }),
    ...(person !== undefined && { 'enduser.pseudo.id': person }),
    ...(task !== undefined && { 'bailiwick.task': task }),
    ...(typeof error === 'string' && { 'error.type': error }),
  }
}

function failure(status: Json | undefined): Json | undefined {
  return status === 'ok' ? undefined : status
}

function spanOf({ body }: AuditRecord): JsonObject {
  return isObject(body['span']) ? body['span'] : {}
}

function attributes(of: Readonly<Record<string, Json>>): JsonObject[] {
  return Object.entries(of).map(([key, value]) => ({ key, value: anyValue(value) }))
}

/** AnyValue; 64-bit integers are texts in the JSON encoding of protobuf. */
function anyValue(value: Json): JsonObject {
  if (value === null) return {}
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } }
  if (isObject(value)) return { kvlistValue: { values: attributes(value) } }
  return { stringValue: value.text }
}

/** Milliseconds since the epoch, fractions allowed, as nanoseconds in text. */
function nanos(ms: number): string {
  return String(BigInt(Math.round(ms * 1_000)) * 1_000n)
}
