import { byteString } from '../../../base/bytes.ts';
import type { GitTree } from '../../../watch/core/look/host-sight.ts';
import type { Recording } from '../recording.ts';

export function gitTreesOf(of: Recording): readonly GitTree[] {
  return [...of.git.values()].map((tree) => ({
    path: byteString(tree.path.replace(/(?<=.)\/\.git$/, '')),
    untrackedCount: tree.untracked,
    changedCount: tree.changed,
    unpushedCount: tree.unpushed < 0 ? undefined : tree.unpushed,
    remoteCount: tree.remotes,
    submodulesMissing: tree.submodules,
  }));
}
