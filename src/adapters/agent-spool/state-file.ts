/** Small JSON files of the agent's state: read whole, and nothing where they are no such thing. */
import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { readFileIfThere, type WholeFilePorts } from '../../vault/shell/whole-file.ts';

type StateObject = Readonly<Record<string, unknown>>;

/** Undefined: not there, not readable, or not what we wrote. */
export function readStateFile(ports: WholeFilePorts, path: ByteString): StateObject | undefined {
  try {
    const bytes = readFileIfThere(ports, path);
    if (bytes === undefined) return undefined;
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof Fault || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isObject(value: unknown): value is StateObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
