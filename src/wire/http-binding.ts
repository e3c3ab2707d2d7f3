// Holds how an action of an HTTP API is written as a request: where each part of its input stands, and in which form.

/** What the text of a value may be read as. Of several the first that fits: integer, number, boolean, then text. */
export type HttpScalar = 'string' | 'integer' | 'number' | 'boolean'

/** What kind of value stands in a text. */
export type HttpShape =
  | { readonly kind: 'scalar' | 'list'; readonly of: readonly HttpScalar[] }
  | { readonly kind: 'record'; readonly members: Readonly<Record<string, readonly HttpScalar[]>> }
  /** JSON text, whatever it holds. */
  | { readonly kind: 'json' }
  /** A part of an upload: `{filename?, content_type, size?, sha256?}` in the input, its bytes beside it. */
  | { readonly kind: 'file' | 'files' }

/** Where a field of a list or a record begins and ends (OpenAPI 3.1 §4.8.12.3). */
export type HttpStyle = 'simple' | 'form' | 'spaceDelimited' | 'pipeDelimited' | 'deepObject'

/** One parameter, or one field of a form. */
export interface HttpField {
  readonly name: string
  readonly shape: HttpShape
  readonly style: HttpStyle
  readonly explode: boolean
}

/** One way to write a body. */
export interface HttpMedia {
  /** `type/subtype` in small letters; `*` for either, where the document says so. */
  readonly type: string
  readonly form: 'json' | 'urlencoded' | 'multipart' | 'text' | 'bytes'
}

/** The body of an action's request. Every way to write it gives the same input. */
export interface HttpBody {
  readonly required: boolean
  readonly media: readonly HttpMedia[]
  /** Of `urlencoded` and `multipart`. */
  readonly fields: readonly HttpField[]
}

/** How one action is written. `path`, `query`, `header` and `body` are the members of its input. */
export interface HttpBinding {
  /** In capitals. */
  readonly method: string
  /** Under the URL of the system; `{name}` stands for a parameter, at most one in each segment. */
  readonly template: string
  readonly path: readonly HttpField[]
  readonly query: readonly HttpField[]
  /** By names in small letters. */
  readonly header: readonly HttpField[]
  readonly body?: HttpBody
  /** Media types that the document says it answers; empty: it says none. */
  readonly answers: readonly string[]
  /** Headers that the document says its answers have, in small letters, without those that are nobody's business but ours. */
  readonly answerHeaders: readonly string[]
}
