import type { ByteString } from '../../base/bytes.ts';
import type { Mounts } from '../../host/mounts.ts';

/** Whether what lies at an absolute path may be touched: on a dead mount that would never end. */
export function mayTouch(mounts: Mounts, path: ByteString): boolean {
  const place = mounts.realPath(path);
  return mounts.holding(place)?.isRemote !== true || mounts.answers(place);
}
