/** What a person typed, as the system walks it. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { realPath, walkedFrom } from '../guard/run/explicit-places.ts';
import { absolutePath } from './places.ts';

/** Absolute; `..` behind a link is the directory above what the link leads to. */
export function walkedPath(cwd: ByteString, given: ByteString): ByteString {
  if (!given.split('/').includes('..')) return absolutePath(cwd, given);
  const walked = walkedFrom(cwd, given);
  const whole = realPath(walked);
  if (whole !== undefined) return whole;
  const at = walked.replace(/\/+$/, '').lastIndexOf('/');
  const above = realPath(byteString(`${walked.slice(0, at)}/`));
  return above === undefined
    ? absolutePath(cwd, given)
    : absolutePath(above, byteString(walked.slice(at + 1)));
}
