// Holds the name of an entity: its type and its id, with one text by which two are compared.

/** `Type::"id"`. */
export class Uid {
  readonly type: string
  readonly id: string
  /** Equal for equal names and for no others: a type holds no space. */
  readonly key: string

  constructor(type: string, id: string) {
    this.type = type
    this.id = id
    this.key = `${type} ${id}`
  }

  /** As Cedar prints it, near enough to be read. */
  toString(): string {
    return `${this.type}::${JSON.stringify(this.id)}`
  }
}
