/** The vault of a simulated machine behind an SFTP server: as src/main composes it for `ssh://`. */
import { farHostStore } from './far-host-store.ts';
import { Seeded } from './seeded.ts';
import { sftpStore } from '../src/adapters/sftp/sftp-store.ts';
import { directoryStore } from '../src/vault/shell/store-directory.ts';
import { type SimSftpOptions, simSftpLink } from './sftp-server.ts';
import type { MakeHostStore } from './vault-host.ts';

export function sftpHostStore(server: Omit<SimSftpOptions, 'disk'> = {}): MakeHostStore {
  return (options, seed) => {
    const { disk, random, clock, root } = options;
    const near = directoryStore(options);
    const connect = () => {
      const link = simSftpLink({ disk, reorder: new Seeded(seed), ...server });
      return sftpStore(link, { path: root, where: 'ssh://sim', tools: { random }, clock });
    };
    return farHostStore(near, connect);
  };
}
