/** Persons with real SSH keys, made by ssh-keygen for one test, and an agent that holds some. */
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export class Signing {
  readonly dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-sign-'));
  #agent: { pid: number; socket: string } | undefined;

  /** A key without a passphrase. @returns its private half's file */
  key(name: string): string {
    const file = path.join(this.dir, name);
    const args = ['-q', '-t', 'ed25519', '-N', '', '-C', `${name}@laptop`, '-f', file];
    execFileSync('ssh-keygen', args);
    return file;
  }

  publicLine(file: string): string {
    return fs.readFileSync(`${file}.pub`, 'utf8').trim();
  }

  /** Lines of an allowed signers file. */
  allowed(
    lines: readonly (readonly [principals: string, file: string, options?: string])[],
  ): string {
    return lines
      .map(([principals, file, options = '']) => {
        return `${principals} ${options}${options === '' ? '' : ' '}${this.publicLine(file)}\n`;
      })
      .join('');
  }

  /** As `ssh-keygen -Y sign` does it. @returns the armored signature */
  sign(file: string, text: string, namespace = 'holdfast-approval@v1'): string {
    const args = ['-Y', 'sign', '-q', '-n', namespace, '-f', file];
    return execFileSync('ssh-keygen', args, { input: Buffer.from(text, 'latin1') }).toString();
  }

  /** An agent that holds `files`. @returns its socket */
  async agent(files: readonly string[]): Promise<string> {
    const socket = path.join(this.dir, 'agent');
    const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    if (child.pid === undefined) throw new Error('ssh-agent could not be started');
    this.#agent = { pid: child.pid, socket };
    while (!fs.existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 10));
    for (const file of files) {
      execFileSync('ssh-add', ['-q', file], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
    }
    return socket;
  }

  end(): void {
    if (this.#agent !== undefined) process.kill(this.#agent.pid);
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
}
