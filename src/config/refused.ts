/** What a parser of one configured value returns instead of the value: why not, and what to write. */
export class Refused {
  readonly message: string;
  readonly hint: string | undefined;

  constructor(message: string, hint: string | undefined) {
    this.message = message;
    this.hint = hint;
  }
}

export function refuse(message: string, hint?: string): Refused {
  return new Refused(message, hint);
}
