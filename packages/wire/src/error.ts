export type WireErrorCode = 'ENCODING' | 'CANONICAL' | 'SCHEMA' | 'SIGNATURE' | 'SIZE';

/** Bytes that came over the wire and are not what their type says. */
export class WireError extends Error {
  readonly code: WireErrorCode;

  constructor(code: WireErrorCode, message: string) {
    super(message);
    this.name = 'WireError';
    this.code = code;
  }
}
