// Holds the systems that are described and not started: their actions are read from a document that a person brings.

import { digest, utf8 } from '../std/bytes.ts'
import { isObject, parseJson, type Json, type JsonLimits } from '../std/json.ts'
import { publicFault } from '../std/fault.ts'
import type { Reality } from '../policy/reality/definition.ts'
import { actionsOfOpenApi } from '../policy/reality/openapi.ts'
import { actionsOfTables } from '../policy/reality/tables.ts'
import { actionsOfTools } from '../policy/reality/tools.ts'
import type {
  ApiTransport,
  ExternalSource,
  ExternalTransport,
  SystemDefinition,
} from '../wire/system.ts'
import { serverFault } from './faults.ts'

/** A document as people have them: larger than a request, and with keys that differ in case. */
const LIMITS: JsonLimits = { bytes: 16_777_216, depth: 128, values: 1_000_000, keys: 'exact' }

const READERS: Readonly<Record<ExternalSource, (document: Json) => Reality>> = {
  openapi: actionsOfOpenApi,
  tables: actionsOfTables,
  tools: actionsOfTools,
}

/** What a document describes. Throws `system.document` where it cannot be read, or describes no action. */
export function describedSystem(
  name: string,
  source: ExternalSource,
  text: string,
): {
  readonly definition: Omit<SystemDefinition, 'digest' | 'maxProcesses' | 'transport'> & {
    readonly transport: ExternalTransport
  }
  readonly problems: readonly string[]
} {
  const { document, actions, problems: told } = readDocument(text, READERS[source])
  return {
    definition: {
      name,
      transport: { kind: 'external', source, document: digest(text) },
      server: serverOf(document, source),
      actions,
    },
    problems: told,
  }
}

/** What an OpenAPI document describes, with how each request is written: for an API that the gateway itself speaks to. */
export function describedApi(
  name: string,
  transport: Omit<ApiTransport, 'document'>,
  text: string,
): {
  readonly definition: Omit<SystemDefinition, 'digest' | 'maxProcesses'>
  readonly problems: readonly string[]
} {
  const read = readDocument(text, (document) => actionsOfOpenApi(document, 'api'))
  return {
    definition: {
      name,
      transport: { ...transport, document: digest(text) },
      server: serverOf(read.document, 'openapi'),
      actions: read.actions,
    },
    problems: read.problems,
  }
}

function readDocument(
  text: string,
  read: (document: Json) => Reality,
): Pick<Reality, 'actions'> & { readonly document: Json; readonly problems: readonly string[] } {
  let document: Json
  try {
    document = parseJson(utf8(text), LIMITS)
  } catch (error) {
    throw serverFault(
      'system.document',
      `the document cannot be read: ${publicFault(error).detail}`,
      error,
    )
  }
  const { actions, problems } = read(document)
  const told = problems.map(({ path, message }) => `${path}: ${message}`)
  if (actions.length === 0) {
    throw serverFault(
      'system.document',
      `the document describes no action${told[0] === undefined ? '' : `: ${told[0]}`}`,
    )
  }
  return { document, actions, problems: told }
}

function serverOf(document: Json, source: ExternalSource): SystemDefinition['server'] {
  const info = isObject(document) ? document['info'] : undefined
  const { title, version } = isObject(info) ? info : {}
  return {
    name: typeof title === 'string' ? title.slice(0, 200) : source,
    version: typeof version === 'string' ? version.slice(0, 64) : '',
  }
}
