/** A failure as the API answers it: never a stack, never what nobody declared. */
import { Fault, type FaultCode, type FaultKind } from '../../base/fault.ts';
import { sayMessage } from '../../base/say-name.ts';
import type { Problem } from '../../wire/api/problem.ts';

const STATUS_OF_KIND: Readonly<Record<FaultKind, number>> = {
  usage: 400,
  refused: 403,
  transient: 503,
  corrupt: 500,
  unavailable: 503,
};

/** Where HTTP has a word of its own. */
const STATUS_OF_CODE: Readonly<Partial<Record<FaultCode, number>>> = {
  HF_API_BROKEN: 500,
  HF_API_CONFLICT: 409,
  HF_API_SIGN_IN: 401,
  HF_API_TOO_FAST: 429,
  HF_API_TOO_LARGE: 413,
  HF_API_UNKNOWN: 404,
};

export function statusOf(fault: Fault): number {
  return STATUS_OF_CODE[fault.code] ?? STATUS_OF_KIND[fault.kind];
}

export function problemOf({ code, message, remedy }: Fault): Problem {
  return { code, what: sayMessage(message), remedy: sayMessage(remedy) };
}

/** What Fastify and Node say of a request that is none, as a fault of ours; else undefined. */
export function faultOfRequest(error: unknown, limitBytes: number): Fault | undefined {
  if (error instanceof Fault) return error;
  const status = statusIn(error);
  if (status === 413) {
    return new Fault('HF_API_TOO_LARGE', 'the request is too large', { limit: limitBytes });
  }
  if (status === 404) return new Fault('HF_API_UNKNOWN', 'there is nothing here');
  if (status === undefined || status < 400 || status > 499) return undefined;
  const instead = 'Send JSON as `GET /v1/openapi.json` has it, with content-type application/json.';
  return new Fault('HF_API_INPUT', 'the request cannot be read', { instead });
}

function statusIn(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
}

/** @param onBug told of it; the one who asked is told no more than that there was one */
export function bugFault(error: unknown, onBug: (error: unknown) => void): Fault {
  onBug(error);
  return new Fault('HF_API_BROKEN', 'the server met a bug of its own', {}, { cause: error });
}
