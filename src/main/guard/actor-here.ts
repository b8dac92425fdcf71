/** Who acts: `ann@hv1`, for what is recorded. Behind sudo the one who typed it. */
import os from 'node:os';

export function actorHere(): string {
  const behind = process.env.SUDO_USER ?? '';
  return `${behind === '' ? accountHere() : behind}@${os.hostname()}`;
}

function accountHere(): string {
  try {
    return os.userInfo().username;
  } catch {
    return String(process.getuid?.() ?? ''); // An account without an entry in passwd.
  }
}
