/** Generations of a server's state, as text: docs/format/generation.md. */

export interface Generation {
  readonly n: number;
  /** 32 hex. */
  readonly id: string;
}

export interface SaidGeneration extends Generation {
  /** DER, base64url. */
  readonly signature: string;
}

export const GENERATION_HEADER = 'holdfast-generation';

const TEXT = /^([1-9][0-9]{0,15})\.([0-9a-f]{32})\.([\w-]{8,160})$/;

/** Undefined where it is not of that form; whether it is true is the signature's to say. */
export function parseGeneration(text: string): SaidGeneration | undefined {
  const [, digits = '', id = '', signature = ''] = TEXT.exec(text) ?? [];
  const n = Number(digits);
  return digits === '' || !Number.isSafeInteger(n) ? undefined : { n, id, signature };
}

export function generationText({ n, id, signature }: SaidGeneration): string {
  return `${n}.${id}.${signature}`;
}

/** What the key of the server signs. @param pin in hex */
export function generationSigned(pin: string, { n, id }: Generation): string {
  return `holdfast-generation-0\n${pin}\n${n}\n${id}\n`;
}
