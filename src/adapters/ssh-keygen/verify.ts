/** `ssh-keygen -Y verify` and `find-principals`: the last word on a signature. */
import type { ByteString } from '../../base/bytes.ts';
import type { SignatureCheck } from '../../host/signatures.ts';
import { runKeygen, withFile } from './run-keygen.ts';
import { revokedIfThere, type SignerPaths } from './signer-files.ts';

export function keygenCheck(paths: SignerPaths): SignatureCheck {
  return {
    async verify({ signed, signature, principal, namespace }) {
      const revoked = revokedIfThere(paths);
      const said = await withFile(bytesOf(signature), (file) =>
        runKeygen({
          args: [
            ...['-Y', 'verify', '-f', paths.allowed, '-I', principal, '-n', namespace],
            ...['-s', file, ...(revoked === undefined ? [] : ['-r', revoked])],
          ],
          stdin: bytesOf(signed),
        }),
      );
      return said.status === 0 ? undefined : said.stderr || `ssh-keygen ended with ${said.status}`;
    },
    async principals(signature) {
      const said = await withFile(bytesOf(signature), (file) =>
        runKeygen({ args: ['-Y', 'find-principals', '-f', paths.allowed, '-s', file] }),
      );
      if (said.status !== 0) return [];
      return said.stdout
        .toString('utf8')
        .trim()
        .split(/[\n,]/)
        .filter((name) => name !== '');
    },
  };
}

function bytesOf(text: ByteString): Uint8Array {
  return Buffer.from(text, 'latin1');
}
