/**
 * What an agent without rights keeps for the guard of its host, in its own state directory. The agent
 * may be anybody's by then: what lies there is read in part, whatever it is and however large.
 */
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { BookPorts } from './pipeline-book.ts';

/** No freeze and no claim is longer: two texts of 200 characters. */
const SIZE_MAX = 64 * 1024;

/** Of the state directory of the guard. */
export function agentsGuard(stateDir: ByteString): ByteString {
  return byteString(`${stateDir}/agent/guard`);
}

/** Undefined where there is no such file. What is longer than ours are is cut, and then is none of ours. */
export function readOfAgent({ disk, tools }: BookPorts, path: ByteString): ByteString | undefined {
  if (disk.size(path) === undefined) return undefined;
  return tools.codec.textOf(disk.read(path, { offset: 0, length: SIZE_MAX }));
}
