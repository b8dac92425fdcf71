/** `holdfast vault serve` as a process of its own, on this machine, that can be killed at any moment. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { RealVault } from '../integration/real-vault.ts';

const MAIN = path.join(import.meta.dirname, '../../src/main/cli/main.ts');

export class ServeProcess {
  readonly root: string;
  readonly #vault: RealVault;
  #child: ChildProcess | undefined;
  port = 0;

  constructor(vault: RealVault) {
    this.#vault = vault;
    this.root = path.join(vault.dir, 'peer-root');
  }

  /** On the port of before, if it ran before. */
  async start(): Promise<void> {
    const args = ['vault', 'serve', '--root', this.root, '--min-free', '0'];
    const child = spawn(process.execPath, [MAIN, ...args, '--listen', `127.0.0.1:${this.port}`], {
      env: { ...process.env, HOLDFAST_STATE: path.join(this.#vault.dir, 'state-of-peer') },
    });
    this.#child = child;
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.stderr.on('data', (part: Buffer) => {
        said += part.toString();
        if (said.includes('hosts')) resolve();
      });
      child.on('close', () => reject(new Error(`it ended: ${said}`)));
    });
    this.port = Number(fs.readFileSync(path.join(this.root, 'peer/port'), 'latin1'));
  }

  /** Adds the line of a host to what the client of `vault` has. @returns the place */
  async token(host: string, at: { readonly port: number } = this): Promise<string> {
    const address = `127.0.0.1:${at.port}`;
    const args = ['vault', 'serve', 'token', host, '--root', this.root, '--address', address];
    const { code, json, said } = await this.#vault.run(args);
    assert.equal(code, 0, said);
    const line = String(json?.line);
    const file = path.join(this.#vault.dir, 'state', 'peers');
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.appendFileSync(file, `${line}\n`, { mode: 0o600 });
    return line.slice(0, line.indexOf('#'));
  }

  async stop(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill(signal);
    await ended;
  }
}
